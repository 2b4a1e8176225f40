"""Rows on their way: what is sent of each, and where to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from egress.engine.fields import marks_of
from egress.engine.payload import as_json, as_python, as_quarantined, to_json
from egress.engine.pending import ADDED, LAST_ID, LAST_MARKS, LAST_RECEIPT, LAST_RUN, ROW_HASH, ROW_KEY
from egress.engine.unfit import without_json
from egress.kinds.rest.bodies import mapper
from egress.kinds.rest.declared import OWN_ID, DeclaredRest, Delete
from egress.kinds.rest.rows import Row, Said
from shared.http.places import Unfit, filled, places

# Rows that are Python objects at one time.
BATCH_ROWS = 10_000
PAYLOAD, SENT, PATH, UNFIT, MARKS, NAMED = "payload", "sent", "path", "unfit", "marks", "named"


def told_apart(pending: pa.Table) -> tuple[pa.Table, list[Said]]:
    """Return the rows that have a form in JSON, and why the others cannot be sent."""
    why = without_json(pending.drop_columns(list(ADDED)))
    if not why:
        return pending, []
    unfit = pending.take(list(why))
    columns = unfit.select([ROW_KEY, ROW_HASH, LAST_RUN, LAST_RECEIPT, LAST_MARKS, LAST_ID]).to_pydict()
    texts = as_quarantined(unfit.drop_columns(list(ADDED)))
    said = [
        Said(Row(key, content, run or "", receipt, text, "", "", last_marks=marks, own_id=own_id), False, "", reason)
        for key, content, run, receipt, marks, own_id, text, reason in zip(
            *columns.values(), texts, why.values(), strict=True
        )
    ]
    others = pc.invert(pc.is_in(pa.array(range(len(pending))), pa.array([*why])))
    return pending.filter(others), said


def to_send(pending: pa.Table, to: DeclaredRest) -> pa.Table:
    """Return rows as what is sent of each and where to, with what is known of them.

    Raises:
        InputError: A column has no form in JSON.
    """
    return pa.concat_tables(_prepared(pending, to)) if pending.num_rows else pending


def _prepared(pending: pa.Table, to: DeclaredRest) -> Iterator[pa.Table]:
    text, marks, path = pa.string(), marks_of(pending), to.path
    body, head = mapper(to.fields or {}), mapper(to.head or {})
    name = to.named_by or to.model.key
    for begin in range(0, pending.num_rows, BATCH_ROWS):
        batch = pending.slice(begin, BATCH_ROWS)
        rows = as_python(batch.drop_columns(list(ADDED)))
        made: dict[str, list[str | None]] = {PAYLOAD: [to_json(row) for row in rows]}
        if to.fields is not None:
            made[SENT] = [to_json(body(row)) for row in rows]
        if to.head is not None:
            sent = zip(rows, made.get(SENT, made[PAYLOAD]), strict=True)
            made[SENT] = [f"{to_json(head(row))}\n{line}" for row, line in sent]
        if to.named_by or pa.types.is_timestamp(pending.schema.field(name).type):
            made[NAMED] = [_name(row[name]) for row in rows]
        if places(path):
            # As JSON has them, so that a date or an amount is written in the same way in both.
            led = [_led(path, json.loads(str(row))) for row in made[PAYLOAD]]
            made[PATH], made[UNFIT] = [to for to, _ in led], [why for _, why in led]
        yield pa.table(
            {
                **{name: batch[name].cast(text) for name in ADDED},
                **{k: pa.array(v, text) for k, v in made.items()},
                MARKS: marks.slice(begin, BATCH_ROWS),
            }
        )


def _led(path: str, row: Mapping[str, object]) -> tuple[str, str | None]:
    """Return a row's path, and why there is none."""
    try:
        return filled(path, row.get), None
    except Unfit as error:
        return "", str(error)


def _name(value: object) -> str | None:
    """Return a value as an answer's JSON has it, by which a row is known again."""
    return (
        value if value is None or isinstance(value, str) else str(value) if isinstance(value, int) else as_json(value)
    )


def cut(rows: Iterable[Row], most: int, most_bytes: int) -> Iterator[list[Row]]:
    """Yield rows as requests have them: so many at most, and no more than so many bytes but of a row alone."""
    request: list[Row] = []
    size = 0
    for row in rows:
        length = len(row.sent.encode())
        if request and (len(request) == most or size + length > most_bytes):
            yield request
            request, size = [], 0
        request.append(row)
        size += length
    if request:
        yield request


def rows_of(sent: pa.Table, path: str) -> Iterator[Row]:
    """Yield what is sent row by row; where no row has a path of its own, it is this one."""
    for begin in range(0, sent.num_rows, BATCH_ROWS):
        columns = sent.slice(begin, BATCH_ROWS).to_pydict()
        count = len(columns[ROW_KEY])
        yield from map(
            Row,
            columns[ROW_KEY],
            columns[ROW_HASH],
            (run or "" for run in columns[LAST_RUN]),
            columns[LAST_RECEIPT],
            columns[PAYLOAD],
            columns.get(SENT, columns[PAYLOAD]),
            columns.get(PATH, [path] * count),
            columns.get(UNFIT, [None] * count),
            columns[MARKS],
            columns[LAST_MARKS],
            columns[LAST_ID],
            columns.get(NAMED, columns[ROW_KEY]),
        )


def to_delete(gone: pa.Table, how: Delete, key: str, as_key: Callable[[str], object]) -> list[Row]:
    """Return the rows to delete: of each, key and the API's own id are all that is known.

    Args:
        as_key: Makes the model's value of a key.
    """
    columns = gone.select([ROW_KEY, ROW_HASH, LAST_RECEIPT, LAST_ID]).to_pydict()
    made, body = [], mapper(how.fields or {})
    for row_key, content, receipt, own_id in zip(*columns.values(), strict=True):
        to, unfit = _led(how.path, {key: row_key, OWN_ID: own_id})
        if OWN_ID in how.columns and own_id is None:
            unfit = "which id the API has given it is not known"
        sent = to_json(body({key: as_key(row_key), OWN_ID: own_id}))
        made.append(Row(row_key, content, receipt, receipt, to_json({key: row_key}), sent, to, unfit))
    return made
