"""Lines of JSON, each of which is to be one object: read with a bound, and exactly or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from shared.data_quality.json_text import exact_number
from shared.utils.strict_json import NotJson, strict_json

LONGEST_LINE = 16 << 20
SKIPPED_BYTES = 1 << 20


def lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number; of one that is too long a byte more than may be, without its end."""
    position = 0
    while line := file.readline(LONGEST_LINE + 1):
        position += 1
        yield position, line
        rest = line if len(line) > LONGEST_LINE else b"\n"
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(SKIPPED_BYTES)


def parsed(line: bytes) -> dict[str, Any]:
    """Return the object that a line has.

    Raises:
        NotJson: It has none.
    """
    if len(line) > LONGEST_LINE:
        raise NotJson(f"a line of more than {LONGEST_LINE:,} bytes")
    try:
        text = line.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise NotJson("not UTF-8") from error
    row = strict_json(text, exact_number)
    if not isinstance(row, dict):
        raise NotJson("not an object")
    return row
