"""How rows are cut into fields: the delimiter that the rows fit, and which lines stand above the header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice, pairwise

from shared.errors import InputError
from shared.tables.declared import Declared
from shared.utils.excerpts import excerpt

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 1000
# The most that one field may hold, as DuckDB has it for a line.
FIELD_CHARACTERS = 2_000_000
SEPARATOR_LINE = re.compile(r"sep=(.)[ ;,\t]*(?=[\r\n])", re.IGNORECASE)
LINE = re.compile(r"[^\r\n]*(\r\n|\r|\n|$)")
# A field in quotes, passed over, or the blanks that someone has written before one.
QUOTED_OR_SPACED = re.compile(r'"(?:[^"]|"")*"|(?P<spaced>[,;\t|\r\n] +")')
CENTS, DIGITS = re.compile(r"\d\d(?!\d)"), re.compile(r"\d")
# Where the next best delimiter fits nearly as many rows, rows alone do not decide.
FITTING, NEAR = 0.5, 0.1
SHOWN_CHARACTERS = 60

csv.field_size_limit(FIELD_CHARACTERS)


@dataclass(frozen=True)
class Dialect:
    """How a file is cut.

    Attributes:
        delimiter: The sign between fields.
        header: The columns' names, blanks around them taken off.
        skip: How many lines stand above the header.
        header_lines: How many lines it takes: names may have line breaks.
        spaced: Whether blanks between a delimiter and a quote do not count.
    """

    delimiter: str
    header: tuple[str, ...]
    skip: int = 0
    header_lines: int = 1
    spaced: bool = False


@dataclass(frozen=True)
class Cut:
    """The first rows of a file, cut at one delimiter.

    Attributes:
        lines: The number of the line on which each begins, from 1.
        ends: The number of the line on which each ends.
    """

    delimiter: str
    rows: list[list[str]]
    lines: list[int]
    ends: list[int]

    @property
    def width(self) -> int:
        """How many fields the first row has."""
        return len(self.rows[0]) if self.rows else 0

    @property
    def share(self) -> float:
        """What share of the other rows has as many fields as the first."""
        rest = self.rows[1:]
        return sum(fits(row, self.width) for row in rest) / len(rest) if rest else 1.0


def fits(row: Sequence[str], width: int) -> bool:
    """Tell whether a row has so many fields, an empty one after the last delimiter not counted."""
    return len(row) == width or (len(row) == width + 1 and row[-1] == "")


def dialect_of(text: str, origin: str, declared: Declared) -> Dialect:
    """Return how a file is cut, going by its first rows.

    Args:
        text: The beginning of the file, whole lines.
        origin: Its name in messages.
        declared: What is known already.

    Raises:
        InputError: It is empty, several delimiters fit, or the rows do not fit the first line.
    """
    skip, delimiter = declared.skip or 0, declared.delimiter
    below = _without_lines(text, skip)
    if declared.skip is None and (marked := SEPARATOR_LINE.match(text)):
        delimiter = delimiter or marked.group(1)
        skip, below = 1, _without_lines(text, 1)
    spaced = any(found.group("spaced") for found in QUOTED_OR_SPACED.finditer(below))
    cuts = [_cut(below, sign, spaced) for sign in (delimiter or DELIMITERS)]
    if not any(any(row) for cut in cuts for row in cut.rows):
        raise InputError(f"empty file: `{origin}`", hint="it has no header: have it delivered again")
    best = cuts[0] if delimiter else _best(cuts, origin)
    if declared.skip is None:
        _refuse_titles(best, below, cuts if delimiter is None else [best], origin)
    header = _header(best)
    return Dialect(best.delimiter, header, skip + best.lines[0] - 1, best.ends[0] - best.lines[0] + 1, spaced)


def _header(cut: Cut) -> tuple[str, ...]:
    """Return the columns' names, without the empty one after a delimiter that ends every row."""
    header = tuple(name.strip() for name in cut.rows[0])
    ended = len(cut.rows) > 1 and all(fits(row, len(header) - 1) for row in cut.rows)
    return header[:-1] if len(header) > 1 and ended else header


def _without_lines(text: str, count: int) -> str:
    at = 0
    for _ in range(count):
        found = LINE.match(text, at)
        at = found.end() if found else at
    return text[at:]


def _cut(text: str, delimiter: str, spaced: bool) -> Cut:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=spaced, strict=True)
    cut = Cut(delimiter, [], [], [])
    begin = 1
    try:
        for row in islice(reader, SAMPLE_ROWS):
            if row and (len(row) > 1 or row[0].strip()):
                cut.rows.append(row)
                cut.lines.append(begin)
                cut.ends.append(reader.line_num)
            begin = reader.line_num + 1
    except csv.Error:
        # A quote that is not closed or not doubled, or the head's end within one: what came before it is looked at.
        pass
    return cut


def _best(cuts: Sequence[Cut], origin: str) -> Cut:
    """Return the cut that the rows fit."""
    wide = [cut for cut in cuts if cut.width > 1]
    top = max((cut.share for cut in wide), default=0.0)
    near = [cut for cut in wide if cut.share >= max(top - NEAR, FITTING)]
    if len(near) > 1:
        near = [cut for cut in near if not _is_prose(cut)] or near
    if len(near) > 1:
        near = [cut for cut in near if cut.share == 1.0] or near
    if len(near) > 1:
        said = "; ".join(f"`{cut.delimiter}`: {_shown(cut)}" for cut in near)
        raise InputError(
            f"delimiter not certain: `{origin}`: {said}", hint="say which it is with --delimiter, or declare it"
        )
    if near:
        return near[0]
    # One column, where there is a sign that no row has; the commas of texts and amounts are none.
    single = [cut for cut in cuts if cut.width == 1 and cut.share == 1.0]
    if single and not any(_regular(cut) > 1 and not _is_prose(cut) for cut in cuts):
        return single[0]
    return max(cuts, key=lambda cut: (_regular(cut) > 1 and not _is_prose(cut), cut.width, cut.share))


def _is_prose(cut: Cut) -> bool:
    """Tell whether the delimiter is but a sign within texts, followed by blanks, or that of decimals."""
    joints = [joint for row in cut.rows for joint in pairwise(row)]
    below = [joint for row in cut.rows[1:] for joint in pairwise(row)]
    if joints and all(after.startswith(" ") for _, after in joints):
        return True
    blanks = [after.startswith(" ") for _, after in below]
    # Of a single column any digits may be decimals; beside other columns two of them at the end are an amount's.
    decimals = CENTS if cut.width > 1 else DIGITS
    amounts = [before[-1:].isdigit() and decimals.match(after) is not None for before, after in below]
    return cut.delimiter == "," and bool(below) and (all(amounts) or all(blanks))


def _regular(cut: Cut) -> int:
    """Return how many fields most rows below the first have, or 0 where no number is that of most."""
    widths = Counter(len(row) for row in cut.rows[1:])
    ((width, count),) = widths.most_common(1) or [(0, 0)]
    return width if count * 2 > widths.total() else 0


def _refuse_titles(best: Cut, text: str, cuts: Sequence[Cut], origin: str) -> None:
    """Raise InputError where the first line is not the header of the rows; the message names what stands above them."""
    # A blank line below it is that of a title.
    alone = best.width > 1 and len(best.rows) > 2 and best.lines[1] > best.ends[0] + 1
    if best.share >= FITTING and not alone:
        return
    rows = max(cuts, key=lambda cut: (_regular(cut), cut is best))
    first = next((at for at, row in enumerate(rows.rows) if fits(row, _regular(rows)) and at > 0), None)
    if first is None or _regular(rows) < 1:
        raise InputError(
            f"the rows of `{origin}` do not fit its first line: {best.width} names, parted by `{best.delimiter}`",
            hint="correct the file, or say --delimiter, or how many lines stand above the header with --skip",
        )
    above = rows.lines[first] - 1
    titles = ", ".join(f"`{excerpt(line, SHOWN_CHARACTERS)}`" for line in text.splitlines()[:above][:3] if line.strip())
    raise InputError(
        f"lines above the header in `{origin}`? {titles} do not fit the rows below",
        hint=f"say `--skip {above}` (`skip: {above}`) if line {above + 1} is the header, `--skip 0` if line 1 is",
    )


def _shown(cut: Cut) -> str:
    row = cut.rows[min(1, len(cut.rows) - 1)]
    return excerpt(" | ".join(f"[{value}]" for value in row), SHOWN_CHARACTERS)
