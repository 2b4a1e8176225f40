"""Random tables in random files, with what stands in them: for properties of whoever reads files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from shared.tables import PLAIN, Column, Convention, Declared

Value = Any
COMMA, EURO = Convention(decimal=",", thousands="."), Convention(decimal=",", thousands=".", unit="€")
NUMBERS = (
    *(PLAIN, Convention(decimal=","), COMMA, EURO, Convention(thousands=","), Convention(thousands="'", unit="CHF")),
    *(Convention(decimal=",", thousands=" "), Convention(negative="trailing"), Convention(negative="brackets")),
    *(Convention(decimal=",", unit="%"), Convention(thousands=",", unit="$", negative="brackets")),
)
DAYS = ("", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d")
MOMENTS = ("", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")
TRUTHS = (None, ("ja", "nein"), ("WAHR", "FALSCH"), ("Yes", "No"))
CODES = ("0012", "10E3", "+1", "-0", "1.", ".5", "1_000", "nan", "inf", "NULL", "NA", "true ", " 5", "#1", "a;b", "a,b")
# Of one language each, so that the letters tell the code page.
WORDS = {
    "cp1252": ("Müller", "Straße", "Größe", "Jürgen", "10 €"),
    "cp1250": ("Plzeň", "České Budějovice", "Jiří", "Králové"),
    "cp437": ("Müller", "Größe", "Jürgen"),
    "cp1251": ("Київ", "Львів", "Їжак"),
    "cp932": ("東京都", "さいたま市", "カタカナ"),
}
UNICODE = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
# Made once: what a codec can write takes Hypothesis longer to find than a table to draw.
LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1, max_size=12)
# What no type takes, whatever the convention.
MISFITS = {
    "bigint": ("0012", "+5", "1_000", "1e3", "x", " 5", "9" * 19, "1.5x"),
    "decimal(18, 2)": ("007.5", "+5", "1e2", "x", "--5", "1 2"),
    "date": ("20240131", "2024-02-30", "45292", "31.02.2024", "0", "x"),
    "timestamp": ("2024-01-31 25:00:00", "2024-01-31T10:00:00+02:00", "1706695200", "x"),
    "boolean": ("t", "1", "maybe"),
}


@dataclass(frozen=True)
class Ways:
    """The ways of writing values that tables are drawn in: what a reader can be told of."""

    numbers: tuple[Convention, ...] = NUMBERS
    moments: tuple[str, ...] = MOMENTS


ALL_WAYS = Ways()


@dataclass(frozen=True)
class Written:
    """A file, and what stands in it.

    Attributes:
        content: Its bytes.
        columns: What each column is, by its name in the header.
        declared: How the file is written.
        texts: The rows as they are written, null for an empty field; None for one that cannot be cut.
        values: The rows in their types; None for one that has to go to the quarantine.
        lines: The line on which each row begins.
    """

    content: bytes
    columns: dict[str, Column]
    declared: Declared
    texts: list[tuple[str | None, ...] | None]
    values: list[tuple[Value, ...] | None]
    lines: list[int]


def number_text(number: Decimal, way: Convention) -> str:
    """Write a number in a convention."""
    whole, _, fraction = f"{abs(number):,f}".partition(".")
    text = whole.replace(",", way.thousands) + (way.decimal + fraction if fraction else "")
    text = f"{text} {way.unit}" if way.unit and way.unit != "$" else f"{way.unit}{text}"
    if number >= 0:
        return text
    return {"leading": f"-{text}", "trailing": f"{text}-", "brackets": f"({text})"}[way.negative]


def _numbers(kind: str) -> st.SearchStrategy[Decimal]:
    if kind == "bigint":
        return st.integers(-(10**17), 10**17).map(Decimal)
    return st.integers(-(10**15), 10**15).map(lambda cents: Decimal(cents).scaleb(-2))


def _moment_text(value: date, pattern: str) -> str:
    return value.strftime(pattern) if pattern else value.isoformat(*([" "] if isinstance(value, datetime) else []))


@st.composite
def cells(draw: st.DrawFn, kind: str, encoding: str, ways: Ways) -> tuple[Column, st.SearchStrategy[tuple[str, Value]]]:
    """Draw a column, and what gives a value's text with the value."""
    if kind in ("bigint", "decimal(18, 2)"):
        known = [way for way in ways.numbers if _encodes(way.unit, encoding)]
        way = draw(st.sampled_from(known))
        return Column(kind, way), _numbers(kind).map(lambda number: (number_text(number, way), number))
    if kind in ("date", "timestamp"):
        pattern = draw(st.sampled_from(DAYS if kind == "date" else ways.moments))
        values: st.SearchStrategy[Any] = (
            st.dates(date(1000, 1, 1)) if kind == "date" else st.datetimes(datetime(1000, 1, 1)).map(_whole_second)
        )
        return Column(kind, Convention(format=pattern)), values.map(lambda one: (_moment_text(one, pattern), one))
    if kind == "boolean":
        truth = draw(st.sampled_from(TRUTHS))
        yes, no = truth or ("true", "false")
        return Column(kind, Convention(truth=truth)), st.booleans().map(lambda one: (yes if one else no, one))
    texts = st.sampled_from([*WORDS[encoding], *CODES]) if encoding in WORDS else st.sampled_from(CODES) | LETTERS
    return Column("varchar"), texts.map(lambda text: (text, text))


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _whole_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


@st.composite
def written_tables(
    draw: st.DrawFn, kinds: tuple[str, ...] = ("varchar", *MISFITS), *, ways: Ways = ALL_WAYS, most_rows: int = 12
) -> Written:
    """Draw a file with a table: its columns, dialect and encoding, with rows that do not fit here and there.

    Args:
        kinds: Types that columns may have.
        ways: How values may be written.
        most_rows: How many rows there are at most.
    """
    encoding = draw(st.sampled_from([*UNICODE, *WORDS]))
    delimiter, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=5))
    drawn = [draw(cells(kind, encoding, ways)) for kind in chosen]
    columns = {f"col {at}": column for at, (column, _) in enumerate(drawn)}
    always_quoted = draw(st.booleans())
    texts: list[tuple[str | None, ...] | None] = []
    values: list[tuple[Value, ...] | None] = []
    starts: list[int] = []
    body = delimiter.join(_field(name, delimiter, always_quoted) for name in columns) + end
    line = 1 + _breaks(body)
    for _ in range(draw(st.integers(1, most_rows))):
        row = [draw(st.none() | cell) for _, cell in drawn]
        written = [None if one is None else one[0] for one in row]
        found: tuple[Value, ...] | None = tuple(None if one is None else one[1] for one in row)
        spoiled = draw(st.sampled_from([None] * 6 + ["value", "width"]))
        if spoiled == "value" and (typed := [at for at, kind in enumerate(chosen) if kind in MISFITS]):
            at = draw(st.sampled_from(typed))
            written[at], found = draw(st.sampled_from(MISFITS[chosen[at]])), None
        fields = [_field(text or "", delimiter, always_quoted and text is not None) for text in written]
        if spoiled == "width":
            fields, found = [*fields, "more", "still"], None
        text = delimiter.join(fields) + end
        starts.append(line)
        texts.append(None if spoiled == "width" else tuple(written))
        values.append(found)
        line += _breaks(text)
        body += text
    declared = Declared(encoding.removesuffix("-sig"), delimiter, 0)
    return Written(body.encode(encoding), columns, declared, texts, values, starts)


def _breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _field(text: str, delimiter: str, always: bool) -> str:
    # Blanks at its beginning too: some readers do not take them for a part of it.
    special = any(sign in text for sign in (delimiter, '"', "\r", "\n")) or text[:1] == " "
    return '"' + text.replace('"', '""') + '"' if always or special else text
