"""A key that comes twice in one load: which row counts.

- Rows of one origin that are equal: one is loaded, the copies are counted.
- Rows of one origin that differ: nobody can say which is right, so all of them go to quarantine.
- Rows of several origins (files by name, pages by number): the later origin's counts, the others are superseded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingress.raw_names import ORDER
from ingress.source import Batch, Duplicated
from shared.data_quality import POSITION, BadRow
from shared.utils.calculator import calculator
from shared.warehouse import quote_name

REASON = "the key occurs more than once with different content"
Refuse = Callable[[str, Sequence[BadRow]], object]
# Of columns that are called by their places, as a source may call them anything.
RULING = """
with numbered as (
    select *, row({content}) as content from held
), counted as (
    select
        *,
        count(distinct content) over (partition by {key}, _order) as variants,
        row_number() over (partition by {key}, _order order by _position) as copy
    from numbered
)
select
    * exclude (content, variants, copy),
    case
        when variants > 1 then 'conflict'
        when _order < max(_order) filter (where variants = 1) over (partition by {key}) then 'superseded'
        when copy > 1 then 'copy'
        else 'kept'
    end as ruling
from counted
order by _order, _position
"""


def unique_rows(
    batches: Iterable[Batch], duplicated: Duplicated, key: Sequence[str], counts: Counter[str], refuse: Refuse
) -> Iterator[pa.Table]:
    """Return the good rows with each key once, in tables that still have their position and order.

    Args:
        batches: Rows as they were checked.
        duplicated: Looks up the keys that occur more than once, good rows or bad.
        key: The columns that make a row's key.
        counts: Where to count `kept`, `copy`, `superseded` and `conflict` rows.
        refuse: Called with an origin and its conflicting rows.
    """
    held: list[pa.Table] = []
    origins: dict[int, str] = {}
    with calculator() as duck:
        keys = duplicated(duck)
        for batch in batches:
            origins[batch.order] = batch.origin
            rows = pa.Table.from_batches([batch.good])
            rows = rows.append_column(ORDER, pa.repeat(batch.order, rows.num_rows))
            if keys.num_rows:
                matches = f"from rows {{}} join keys using ({', '.join(quote_name(name) for name in key)})"
                held.append(duck.sql(matches.format("semi")).to_arrow_table())
                rows = duck.sql(matches.format("anti") + f" order by {POSITION}").to_arrow_table()
            counts["kept"] += rows.num_rows
            yield rows
        if held:
            yield rule(duck, pa.concat_tables(held), key, origins, counts, refuse)


def rule(
    duck: duckdb.DuckDBPyConnection,
    held: pa.Table,
    key: Sequence[str],
    origins: Mapping[int, str],
    counts: Counter[str],
    refuse: Refuse,
) -> pa.Table:
    """Decide on rows whose keys occur more than once, and return those that count."""
    places = {name: f"c{place}" for place, name in enumerate(held.schema.names)} | {POSITION: POSITION, ORDER: ORDER}
    content = ", ".join(column for name, column in places.items() if name not in (POSITION, ORDER))
    sql = RULING.format(content=content, key=", ".join(places[name] for name in key))
    duck.register("held", held.rename_columns([*places.values()]))
    ruled = duck.execute(sql).to_arrow_table()
    rulings = ruled["ruling"]
    rows = ruled.drop_columns(["ruling"]).rename_columns(held.schema.names)
    counts.update(rulings.to_pylist())
    conflicts: dict[str, list[BadRow]] = {}
    for row in rows.filter(pc.equal(rulings, "conflict")).to_pylist():
        origin, position = origins[row.pop(ORDER)], row.pop(POSITION)
        conflicts.setdefault(origin, []).append(BadRow.of(position, REASON, row))
    for origin, bad in conflicts.items():
        refuse(origin, bad)
    return rows.filter(pc.equal(rulings, "kept")).cast(held.schema)
