"""Reading the run ledger: what ran and how it ended, what it wrote and measured, what is held back, what was delivered.

Writing is `shared.monitoring.ledger`'s part. Whether a run that says `running` still does is told here, whenever
somebody asks: it is `interrupted` where nobody writes as its role any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from shared.warehouse import Role, Warehouse

Record = dict[str, Any]

# What the ledger says of a run that did not get to say how it ended.
SILENT_END = "the process ended without a word"
# In which order runs were begun, whatever the clocks said.
BEGUN = "sequence"
# For SQL that puts what it keeps by run into that order.
RUN_ORDER = f"(select run_id, {BEGUN} as place from ops.run)"
# How the outputs of a run say that it has left a relation out, and why: the first word of what the ledger keeps.
LEFT_OUT = "left_out"
IS_LEFT_OUT = f"starts_with(o.detail, '{{\"{LEFT_OUT}\": ')"
# How the outputs of a delivery say that it did not come to its end: the first word of what the ledger keeps.
CUT_OFF = "cut_off"
# How the outputs of a load say that its source had nothing new.
UNCHANGED = json.dumps({"unchanged": True})

# $1 is `writing_roles`; a run of the first layout does not say whose it was.
RUNS = f"""
    select
        run_id, step, command, started_at, finished_at,
        case when silent then 'interrupted' else status end as status,
        case when silent then '{SILENT_END}' else error end as error,
        case
            when finished_at >= started_at then cast(extract(epoch from finished_at - started_at) as double precision)
        end as seconds,
        row_number() over (partition by step, command order by {BEGUN} desc) as age,
        row_number() over (order by {BEGUN}) as place
    from (
        select *, status = 'running' and not coalesce(role = any(cast($1 as varchar[])), false) as silent from ops.run
    ) as run
"""
OUTPUTS = f"""
    select step, relation, row_count, detail
    from (
        select r.step, o.relation, o.row_count, o.detail,
            row_number() over (partition by r.step, o.relation order by r.{BEGUN} desc) as age
        from ops.run_output as o inner join ops.run as r on o.run_id = r.run_id
        where not {IS_LEFT_OUT}
    ) as output
    where age = 1
    order by relation, step
"""
# The last word of each step, unless a run has made the relation since, or one of the same command was silent of it.
LEAVINGS = f"""
    select step, relation, detail
    from (
        select r.step, r.command, o.relation, o.detail, r.{BEGUN} as place, {IS_LEFT_OUT} as is_left_out,
            row_number() over (partition by r.step, o.relation order by r.{BEGUN} desc) as age,
            max(case when not {IS_LEFT_OUT} then r.{BEGUN} end) over (partition by o.relation) as made
        from ops.run_output as o inner join ops.run as r on o.run_id = r.run_id
    ) as output
    where is_left_out and age = 1 and place > coalesce(made, 0) and not exists (
        select 1 from ops.run as later
        where later.step = output.step and later.command = output.command and later.status = 'succeeded'
            and later.{BEGUN} > place
    )
    order by relation, step
"""
METRICS = f"""
    select step, command, name, value
    from (
        select r.step, r.command, m.name, m.value,
            row_number() over (partition by r.step, r.command, m.name order by r.{BEGUN} desc) as age
        from ops.run_metric as m inner join ops.run as r on m.run_id = r.run_id
    ) as metric
    where age = 1
    order by step, command, name
"""
LOADS = f"""
    select relation, finished_at
    from (
        select o.relation, r.finished_at, row_number() over (partition by o.relation order by r.{BEGUN} desc) as age
        from ops.run_output as o inner join ops.run as r on o.run_id = r.run_id
        where r.step = 'ingest' and r.finished_at is not null and o.detail <> $1 and not {IS_LEFT_OUT}
    ) as load
    where age = 1
"""
OPEN_QUARANTINE = """
    select source, resource, reason, count(*) as row_count, min(origin) as example
    from ops.quarantine
    where resolved_at is null
    group by source, resource, reason
    order by row_count desc, source, resource, reason
"""
DELIVERIES = f"""
    select
        sent.target,
        cast(sum(sent.delivered) as bigint) as delivered,
        cast(sum(sent.rejected) as bigint) as rejected,
        cast(sum(sent.deleted) as bigint) as deleted,
        (array_agg(sent.last_at order by r.{BEGUN} desc nulls last, sent.last_at desc))[1] as last_at
    from (
        select
            target, run_id, max(delivered_at) as last_at,
            count(*) filter (where status = 'delivered') as delivered,
            count(*) filter (where status = 'rejected') as rejected,
            count(*) filter (where status = 'deleted') as deleted
        from ops.delivery
        group by target, run_id
    ) as sent left join ops.run as r on sent.run_id = r.run_id
    group by sent.target
"""
LAST_DELIVERED = f"""
    select o.row_count
    from ops.run_output as o inner join ops.run as r on o.run_id = r.run_id
    where r.step = 'deliver' and o.relation = $1 and o.row_count > 0
    order by r.{BEGUN} desc
    limit 1
"""

WHOLE_DELIVERY = f"""
    select 1
    from ops.run_output as o inner join ops.run as r on o.run_id = r.run_id
    where r.step = 'deliver' and o.relation = $1 and not starts_with(o.detail, '{{"{CUT_OFF}": ')
    limit 1
"""


def writing_roles(warehouse: Warehouse) -> list[Role]:
    """Return the roles of runs as which somebody writes now: others' runs that say `running` do so no more."""
    roles = warehouse.fetch("select distinct role from ops.run where role is not null order by role")
    return warehouse.writing_roles(role for (role,) in roles)


def last_runs(warehouse: Warehouse) -> list[Record]:
    """Return the last run of each step and command, the oldest first.

    Returns:
        `step`, `command`, `status` (`running`, `succeeded`, `failed`, `interrupted`), `started_at` (UTC), `error` and
        `seconds`; the last is null of a run that has not said its end, or during which the clock was set back.
    """
    return _runs(warehouse, "where age = 1 order by place")


def latest_run(warehouse: Warehouse) -> Record | None:
    """Return the run that was begun last, as in `last_runs`; None where there was none."""
    runs = _runs(warehouse, "order by place desc limit 1")
    return runs[0] if runs else None


def runs_by_id(warehouse: Warehouse, ids: Iterable[str]) -> dict[str, Record]:
    """Return those of these runs that the ledger has: `role` (None of old ones), `started_at` (UTC), and the
    `status` that they have said themselves."""
    query = "select run_id, role, started_at, status from ops.run where run_id = any($1)"
    records = _records(warehouse, query, [sorted(set(ids))])
    return {record["run_id"]: record for record in records}


def last_outputs(warehouse: Warehouse) -> list[Record]:
    """Return what each step has said last of each relation: `step`, `relation`, `row_count`, `detail`."""
    return [record | {"detail": json.loads(record["detail"])} for record in _records(warehouse, OUTPUTS)]


def left_out(warehouse: Warehouse) -> list[Record]:
    """Return what runs have left out and no run has made since: `step`, `relation`, `reason`.

    What the last run of a command that succeeded does not name any more is no part of the platform.
    """
    return [
        {"step": record["step"], "relation": record["relation"], "reason": json.loads(record["detail"])[LEFT_OUT]}
        for record in _records(warehouse, LEAVINGS)
    ]


def last_metrics(warehouse: Warehouse) -> list[Record]:
    """Return what each step and command has measured last: `step`, `command`, `name`, `value`."""
    return _records(warehouse, METRICS)


def last_loads(warehouse: Warehouse, *, changed: bool = False) -> dict[str, datetime]:
    """Return when the run ended that last loaded each relation, in UTC: the one that was begun last.

    Args:
        changed: Only runs that brought it something; else those too that looked and found nothing new.
    """
    return dict(warehouse.fetch(LOADS, [UNCHANGED if changed else ""]))


def open_quarantine(warehouse: Warehouse) -> list[Record]:
    """Return how many rows are held back, the most first: `source`, `resource`, `reason`, `row_count`, `example`."""
    return _records(warehouse, OPEN_QUARANTINE)


def deliveries(warehouse: Warehouse) -> dict[str, Record]:
    """Return what each target was sent: rows `delivered`, `rejected` and `deleted`, and `last_at` (UTC)."""
    return {record.pop("target"): record for record in _records(warehouse, DELIVERIES)}


def rows_delivered(warehouse: Warehouse, target: str) -> int:
    """Return how many rows a target got by the last delivery that had any for it, 0 where there was none."""
    return next((int(rows) for (rows,) in warehouse.fetch(LAST_DELIVERED, [target])), 0)


def has_been_delivered(warehouse: Warehouse, target: str) -> bool:
    """Tell whether a delivery to a target has come to its end before."""
    return bool(warehouse.fetch(WHOLE_DELIVERY, [target]))


def _runs(warehouse: Warehouse, which: str) -> list[Record]:
    columns = "step, command, status, started_at, error, seconds"
    return _records(warehouse, f"select {columns} from ({RUNS}) as runs {which}", [writing_roles(warehouse)])


def _records(warehouse: Warehouse, sql: str, parameters: Sequence[object] = ()) -> list[Record]:
    records: list[Record] = warehouse.fetch_arrow(sql, parameters).to_pylist()
    return records
