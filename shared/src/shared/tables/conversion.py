"""SQL that turns a column of texts into a type: which texts fit, and what value each has, with nothing rounded.

A text fits where the value, written in the column's convention, is the text again, but for noughts at the end of a
fraction, a `T` for the blank before a time of day, and a time of day or its seconds left out where they are nought.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.tables.conventions import BLANKS, PLAIN, Convention, moment_shape, number_shape
from shared.warehouse import literal

WHOLE = re.compile(r"u?(tiny|small|big|huge)int|u?integer|u?int(1|2|4|8|16|32|64|128)?|signed|short|long")
TEXTS = ("varchar", "text", "string", "char", "bpchar")
DOUBLES = ("double", "float8", "double precision")
MOMENTS = ("timestamp", "datetime", "timestamp without time zone", "timestamp_us")
ZONED = ("timestamptz", "timestamp with time zone")
# How many significant digits every double keeps, and how many its shortest text has at most.
SAFE_DIGITS, LONGEST = 15, 40
SCIENTIFIC = r"-?[1-9]\.\d{1,14}[eE][+-]?[12]?\d?\d"
DAY = r"(?:[1-9]\d{3}|0[1-9]\d{2}|00[1-9]\d|000[1-9])-\d{2}-\d{2}"
CLOCK = r"(?:[01]\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d{1,6}0*)?)?"
MIDNIGHT = r"(?:[ T]00:00(?::00(?:\.0+)?)?)?"
ZONE = r"(?:Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)"


@dataclass(frozen=True)
class Column:
    """What a column of texts shall become.

    Attributes:
        type: DuckDB's type.
        convention: How its values are written.
    """

    type: str
    convention: Convention = PLAIN

    @property
    def word(self) -> str:
        """The type's name without its size."""
        return re.sub(r"\s+", " ", self.type.lower().partition("(")[0].strip())

    @property
    def is_number(self) -> bool:
        """Whether it is a type of numbers."""
        return self.word in ("decimal", "numeric", *DOUBLES) or WHOLE.fullmatch(self.word) is not None

    def described(self) -> str:
        """Say it in a few words."""
        said = self.convention.described()
        return f"{self.type} ({said})" if said else self.type


def value(text: str, column: Column) -> str:
    """Return the expression for the value of a text that fits.

    Args:
        text: The expression for the text.
        column: What it shall become.
    """
    convention, word = column.convention, column.word
    if word in TEXTS:
        return text
    if word in ("boolean", "bool", "logical") and convention.truth:
        return f"({text} = {literal(convention.truth[0])})"
    if column.is_number:
        return f"try_cast({plain_number(text, convention)} as {column.type})"
    if convention.format:
        return f"try_cast(try_strptime({text}, {literal(convention.format)}) as {column.type})"
    if word == "date":
        return f"try_cast(left({text}, 10) as date)"
    return f"try_cast({text} as {column.type})"


def fits(text: str, column: Column, found: str | None = None) -> str:
    """Return the condition that a text is null or loses nothing as a value of the type.

    Args:
        text: The expression for the text.
        column: What it shall become.
        found: The expression for its value, where that has been worked out already.
    """
    test = _test(text, column, found or value(text, column))
    return "true" if test is None else f"({text} is null or coalesce({test}, false))"


def _test(text: str, column: Column, found: str) -> str | None:
    convention, word = column.convention, column.word
    if word in TEXTS:
        return None
    if word in ("boolean", "bool", "logical"):
        if convention.truth:
            return f"{text} in ({', '.join(map(literal, convention.truth))})"
        return f"lower({text}) in ('true', 'false')"
    if column.is_number:
        return _number_test(text, column, found)
    if convention.format:
        exact = f"try_strptime({text}, {literal(convention.format)})"
        same = f" and {found} = {exact}" if word == "date" else ""
        # DuckDB passes over the name of a day that is another one.
        for name in re.findall("%[aA]", convention.format):
            same += f" and contains(lower({text}), lower(strftime({exact}, '{name}')))"
        return f"{_matches(text, moment_shape(convention.format))} and year({exact}) > 0{same}"
    shapes = {"date": DAY + MIDNIGHT, "time": CLOCK}
    shapes |= dict.fromkeys(MOMENTS, f"{DAY}(?:[ T]{CLOCK})?") | dict.fromkeys(ZONED, f"{DAY}[ T]{CLOCK}{ZONE}")
    if word in shapes:
        return f"{_matches(text, shapes[word])} and {found} is not null"
    return f"cast({found} as varchar) = {'lower(' + text + ')' if word == 'uuid' else text}"


def _number_test(text: str, column: Column, found: str) -> str:
    test = _shape_test(text, column, found)
    if column.convention != PLAIN or column.word in ("decimal", "numeric"):
        return test
    # Most numbers are written as they would be written again, which is quicker to see than a pattern.
    finite = f"isfinite({found}) and " if column.word in DOUBLES else ""
    return f"case when {finite}cast({found} as varchar) = {text} then true else {test} end"


def _shape_test(text: str, column: Column, found: str) -> str:
    plain = plain_number(text, column.convention)
    shape = _matches(text, number_shape(column.convention))
    if column.word in DOUBLES:
        digits = f"length(ltrim(translate({plain}, '-.', ''), '0')) <= {SAFE_DIGITS} and length({text}) <= {LONGEST}"
        exact = f"({shape} and ({digits} or cast({found} as varchar) = {plain}))"
        if column.convention != PLAIN:
            return exact
        # Codes like `10E3` are no numbers: what programs write has a point, or reads the same when written again.
        return (
            f"({exact} or {_matches(text, SCIENTIFIC)} or ({_matches(text, '-?[1-9].*e.*')} "
            f"and cast({found} as varchar) = {text}))"
        )
    kept = digits_kept(column.type)
    fraction = f"length(rtrim(split_part({plain}, '.', 2), '0')) <= {kept}"
    return f"{shape} and {fraction} and {found} is not null"


def plain_number(text: str, convention: Convention) -> str:
    """Return the expression for a number's text in the plain way: a minus before it, a point before its fraction."""
    drop = "".join(
        [*convention.unit, *(BLANKS if convention.unit or convention.thousands == " " else ""), convention.thousands]
    )
    drop += "’" if convention.thousands == "'" else ""
    if convention.negative != "leading":
        drop += "-()"
    if not drop and convention.decimal == ".":
        return text
    # A point that groups thousands is dropped, one that is the decimal sign stays.
    removed = "".join(dict.fromkeys(sign for sign in drop if sign != convention.decimal))
    plain = f"translate({text}, {literal(convention.decimal + removed)}, '.')"
    if convention.negative == "leading":
        return plain
    mark = "-" if convention.negative == "trailing" else "("
    return f"(case when contains({text}, {literal(mark)}) then '-' else '' end || {plain})"


def digits_kept(kind: str) -> int:
    """Return how many digits after the point a type of numbers keeps: a decimal without a size 3, as DuckDB has it."""
    size = [int(number) for number in re.findall(r"\d+", kind)]
    if kind.lower().startswith(("decimal", "numeric")):
        return size[1] if len(size) > 1 else 0 if size else 3
    return 0


def _matches(text: str, shape: str) -> str:
    return f"regexp_full_match({text}, {literal(shape)})"
