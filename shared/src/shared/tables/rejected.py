"""The lines that DuckDB could not cut into fields, from the tables in which it keeps them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from shared.data_quality.rows import BadRow
from shared.tables.canonical import unclosed
from shared.tables.records import NO_OBJECT
from shared.tables.source import CHUNK_ROWS, Engine, Source

REJECTED, SCANNED = "_rejected", "_scanned"
REJECTS_KEPT = f"store_rejects = true, rejects_table = '{REJECTED}', rejects_scan = '{SCANNED}', rejects_limit = 0"
# Kinds of DuckDB's.
BAD_QUOTE, TOO_LONG, NOT_ENCODED = "UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM", "INVALID ENCODING"
KEPT_CHARACTERS = 1000

CUT_WRONG = "not as many fields as the header has"
REPEATED = "the header again, amid the rows"


def count_rejected(engine: Engine, origin: str) -> int:
    """Return how many lines could not be cut.

    Raises:
        InputError: The end of the file is reached within quotes, or what follows them is not the end of a field.
    """
    ((count, broken),) = engine.fetch(
        f"select count(distinct line), min(line) filter (error_type = '{BAD_QUOTE}') from {REJECTED}"
    )
    if broken is not None:
        raise unclosed(origin, int(broken))
    return int(count)


def rejected_rows(engine: Engine, source: Source) -> Iterator[BadRow]:
    """Return the lines that could not be cut as bad rows, in their order."""
    last = 0
    with source.path.open("rb") as file:
        while rows := engine.fetch(
            "select line, min(line_byte_position), max(octet_length(encode(csv_line))), list(error_type) "
            f"from {REJECTED} where line > {last} group by line order by line limit {CHUNK_ROWS}"
        ):
            for last, start, size, kinds in rows:
                # The bytes themselves: what DuckDB keeps of them lacks those that are not UTF-8.
                file.seek(int(start) - 1)
                yield _bad_row(int(last), kinds, file.read(int(size)).strip(b"\r\n"), source)


def _bad_row(line: int, kinds: list[str], raw: bytes, source: Source) -> BadRow:
    text = raw.decode("utf-8", "backslashreplace")
    if source.numbered:
        number, *fields = next(csv.reader([text]), [str(line)])
        line, text = int(number), _joined(fields, source.form.delimiter)
    if NOT_ENCODED in kinds:
        return BadRow.of(line, f"not {source.form.encoding}", {"line": text})
    if TOO_LONG in kinds:
        return BadRow.of(line, "line longer than 2,000,000 bytes", {"line": text[:KEPT_CHARACTERS]})
    if source.form.container == "jsonl":
        return BadRow.of(line, NO_OBJECT, {"line": next(csv.reader([text]))[0]})
    return BadRow.of(line, f"{CUT_WRONG}: {len(source.form.header)}", {"line": text})


def _joined(fields: Sequence[str], delimiter: str) -> str:
    text = StringIO(newline="")
    # What a row ends with is quoted within it: either sign may be in a field.
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(fields)
    return text.getvalue().removesuffix("\r\n")
