"""Rows on their way: what is sent of each, and where to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from egress.engine.fields import marks_of
from egress.engine.payload import as_json, as_python, as_quarantined, to_json
from egress.engine.pending import ADDED, LAST_ID, LAST_MARKS, LAST_RECEIPT, LAST_RUN, ROW_HASH, ROW_KEY
from egress.engine.unfit import without_json
from egress.kinds.rest.bodies import Fields, mapped
from egress.kinds.rest.calls import Row, Said
from egress.kinds.rest.declared import OWN_ID
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


def to_send(pending: pa.Table, key: str, path: str, fields: Fields | None) -> pa.Table:
    """Return rows as what is sent of each and where to, with what is known of them.

    Raises:
        InputError: A column has no form in JSON.
    """
    return pa.concat_tables(_prepared(pending, key, path, fields)) if pending.num_rows else pending


def _prepared(pending: pa.Table, key: str, path: str, fields: Fields | None) -> Iterator[pa.Table]:
    text, marks = pa.string(), marks_of(pending)
    for begin in range(0, pending.num_rows, BATCH_ROWS):
        batch = pending.slice(begin, BATCH_ROWS)
        rows = as_python(batch.drop_columns(list(ADDED)))
        made: dict[str, list[str | None]] = {PAYLOAD: [to_json(row) for row in rows]}
        if fields is not None:
            made[SENT] = [to_json(mapped(fields, row)) for row in rows]
        if pa.types.is_timestamp(pending.schema.field(key).type):
            made[NAMED] = [as_json(row[key]) for row in rows]
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


def in_requests(sent: pa.Table, rows: int, path: str) -> Iterator[list[Row]]:
    """Yield rows as requests have them, so many at most; where no row has a path of its own, it is this one."""
    block = rows * max(1, BATCH_ROWS // rows)
    for begin in range(0, sent.num_rows, block):
        columns = sent.slice(begin, block).to_pydict()
        count = len(columns[ROW_KEY])
        made = map(
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
        listed = list(made)
        yield from (listed[at : at + rows] for at in range(0, count, rows))


def to_delete(gone: pa.Table, path: str, key: str) -> list[Row]:
    """Return the rows to delete: of each, key and the API's own id are all that is known."""
    columns = gone.select([ROW_KEY, ROW_HASH, LAST_RECEIPT, LAST_ID]).to_pydict()
    made = []
    for row_key, content, receipt, own_id in zip(*columns.values(), strict=True):
        to, unfit = _led(path, {key: row_key, OWN_ID: own_id})
        made.append(Row(row_key, content, receipt, receipt, to_json({key: row_key}), "", to, unfit))
    return made
