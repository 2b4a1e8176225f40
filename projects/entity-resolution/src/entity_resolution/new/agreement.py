"""How often rows agree in columns: by chance, and beside two columns that they agree in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb
import numpy as np
import numpy.typing as npt

from entity_resolution.engine.blocking.bounds import PAIRS_OF_A_VALUE
from entity_resolution.new.profile import TABLE, Look
from shared.warehouse import quote

Floats = npt.NDArray[np.float64]

# Where more of all pairs of rows than this agree in a column, it tells nothing of any.
COMMON = 0.5
# Rows of a pool that are held against another one, about: enough to tell shares to a hundredth.
MOST_HELD = 20_000
# What is empty in more rows than this leaves makes no pool.
LEAST_FILLED = 0.1
# With fewer rows a pool tells nothing.
LEAST_HELD = 5
# A column alone makes a pool where it leaves so many pairs for each row at most.
PAIRS_A_ROW = 20
COMPARED = f"{TABLE}_compared"


@dataclass(frozen=True)
class Pool:
    """Rows that agree in some columns, each held against one other of them.

    Attributes:
        columns: What they agree in.
        pairs: How many pairs of all rows do.
        kept: How many of these are not of a value that is too common for a rule.
        patterns: A row for each way in which two of them agree in all columns: 1 where they do, 0 where they differ,
            nan where one of them is empty, and in `columns`.
        times: How often each pattern was found.
    """

    columns: tuple[str, ...]
    pairs: float
    kept: float
    patterns: Floats
    times: Floats


@dataclass(frozen=True)
class Agreement:
    """Columns, and what agreeing in them comes to.

    Attributes:
        columns: Those in which not all and everything agrees.
        chance: The share of pairs of rows, drawn at random, that agree in each column.
        filled: The share of rows that have a value of each.
        rows: How many rows there are.
        pools: Those of one column or two that have rows.
    """

    columns: tuple[str, ...]
    chance: Floats
    filled: Floats
    rows: int
    pools: tuple[Pool, ...]


def agreement(connection: duckdb.DuckDBPyConnection, looks: Sequence[Look], rows: int) -> Agreement:
    """Hold rows of `TABLE` against others that agree with them in one column or in two.

    Each row is held against one other, so that many rows of one value do not outweigh all else. Lists agree where they
    share an item.

    Args:
        connection: Where the rows are.
        looks: The columns.
        rows: How many rows there are in all, of which `TABLE` may be a part.
    """
    lists = {look.name for look in looks if look.kind == "nested"}
    columns = ", ".join(_comparable(look) for look in looks)
    connection.execute(
        f"create or replace temporary table {COMPARED} as select row_number() over () as place, {columns} from {TABLE}"
    )
    chance = {look.name: _by_chance(connection, look.name, look.name in lists) for look in looks}
    telling = [look for look in looks if 0 < chance[look.name] <= COMMON]
    names = [look.name for look in telling]
    more = rows / max(looks[0].rows, 1)
    return Agreement(
        columns=tuple(names),
        chance=np.array([chance[name] for name in names]),
        filled=np.array([look.filled / look.rows for look in telling]),
        rows=rows,
        pools=tuple(_pools(connection, telling, more)),
    )


def _comparable(look: Look) -> str:
    name = quote(look.name)
    if look.kind == "nested":
        return name
    # What is empty has a hash of its own.
    text = f"plain_text(cast({name} as varchar))"
    return f"if({text} is null, null, hash({text})) as {name}"


def _by_chance(connection: duckdb.DuckDBPyConnection, column: str, is_list: bool) -> float:
    name = quote(column)
    if is_list:
        drawn = f"select {name}, row_number() over (order by hash(place + {{}})) as drawn from {COMPARED}"
        statement = (
            f"select avg(list_has_any(a.{name}, b.{name})::integer) "
            f"from ({drawn.format(0)}) as a join ({drawn.format(1)}) as b using (drawn)"
        )
    else:
        statement = (
            f"select sum(n * (n - 1.0)) / nullif(sum(n) * (sum(n) - 1.0), 0) from "
            f"(select count(*) as n from {COMPARED} where {name} is not null group by {name})"
        )
    row = connection.execute(statement).fetchone()
    return float((row and row[0]) or 0.0)


def _pools(connection: duckdb.DuckDBPyConnection, looks: Sequence[Look], more: float) -> Iterator[Pool]:
    equal = [look.name for look in looks if look.kind != "nested" and look.filled >= LEAST_FILLED * look.rows]
    for columns in [*((name,) for name in equal), *combinations(equal, 2)]:
        pairs, kept = _pairs(connection, columns, more)
        if len(columns) == 1 and pairs > PAIRS_A_ROW * looks[0].rows * more:
            continue
        patterns, times = _held(connection, columns, looks)
        if times.sum() >= LEAST_HELD:
            yield Pool(columns, pairs, kept, patterns, times)


def _pairs(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...], more: float) -> tuple[float, float]:
    """Count the pairs of all rows that agree in columns, and those of them whose value is not too common for a rule."""
    key = ", ".join(map(quote, columns))
    filled = " and ".join(f"{quote(name)} is not null" for name in columns)
    row = connection.execute(
        f"select coalesce(sum(pairs), 0), coalesce(sum(pairs) filter (where pairs <= {PAIRS_OF_A_VALUE}), 0) from "
        # Twice the rows make four times the pairs.
        f"(select count(*) as n, n * (n - 1) / 2 * {more**2} as pairs from {COMPARED} where {filled} group by {key})"
    ).fetchone()
    assert row is not None
    return float(row[0]), float(row[1])


def _held(
    connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...], looks: Sequence[Look]
) -> tuple[Floats, Floats]:
    """Return the patterns in which rows agree beside some columns, and how often each was found."""
    names = [look.name for look in looks]
    lists = {look.name for look in looks if look.kind == "nested"}
    others = [name for name in names if name not in columns]
    key = ", ".join(map(quote, columns))
    filled = " and ".join(f"{quote(name)} is not null" for name in columns)
    # A part of the values, as a part of the rows would part those that agree.
    if part := looks[0].rows // MOST_HELD:
        filled += f" and hash({key}) % {part} = 0"
    lags = "".join(f", {quote(name)}, lag({quote(name)}) over one as lag_{n}" for n, name in enumerate(others))
    agree = "".join(
        f", (list_has_any({quote(name)}, lag_{n}))::double" if name in lists else f", ({quote(name)} = lag_{n})::double"
        for n, name in enumerate(others)
    )
    found = connection.sql(
        f"select count(*)::double{agree} from ("
        f"select row_number() over one as number{lags} from {COMPARED} where {filled} "
        f"window one as (partition by {key} order by hash(place))) where number > 1 group by all"
    ).fetchall()
    patterns = np.full((len(found), len(names)), np.nan)
    rows = np.array(found, dtype=np.float64).reshape(len(found), len(others) + 1)
    patterns[:, [names.index(name) for name in others]] = rows[:, 1:]
    return patterns, rows[:, 0]
