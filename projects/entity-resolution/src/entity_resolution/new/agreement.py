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
    columns = ", ".join(f"{_comparable(look)} as {_called(place)}" for place, look in enumerate(looks))
    connection.execute(
        f"create or replace temporary table {COMPARED} as select row_number() over () as place, {columns} from {TABLE}"
    )
    held = [
        Held(look, _called(place), _by_chance(connection, look, _called(place))) for place, look in enumerate(looks)
    ]
    telling = [each for each in held if 0 < each.chance <= COMMON]
    more = rows / max(looks[0].rows, 1)
    return Agreement(
        columns=tuple(each.look.name for each in telling),
        chance=np.array([each.chance for each in telling]),
        filled=np.array([each.look.filled / each.look.rows for each in telling]),
        rows=rows,
        pools=tuple(_pools(connection, telling, more)),
    )


@dataclass(frozen=True)
class Held:
    """A column that rows are held against each other in.

    Attributes:
        called: What it is called in `COMPARED`, where names of columns and of what is counted must not meet.
        chance: The share of pairs of rows, drawn at random, that agree in it.
    """

    look: Look
    called: str
    chance: float

    @property
    def is_list(self) -> bool:
        """Whether its values are lists, which agree where they share an item."""
        return self.look.kind == "nested"


def _called(place: int) -> str:
    return f"column_{place}"


def _comparable(look: Look) -> str:
    name = quote(look.name)
    if look.kind == "nested":
        return name
    # What is empty has a hash of its own.
    text = f"plain_text(cast({name} as varchar))"
    return f"if({text} is null, null, hash({text}))"


def _by_chance(connection: duckdb.DuckDBPyConnection, look: Look, called: str) -> float:
    if look.kind == "nested":
        drawn = f"select {called}, row_number() over (order by hash(place + {{}})) as drawn from {COMPARED}"
        statement = (
            f"select avg(list_has_any(a.{called}, b.{called})::integer) "
            f"from ({drawn.format(0)}) as a join ({drawn.format(1)}) as b using (drawn)"
        )
    else:
        statement = (
            f"select sum(n * (n - 1.0)) / nullif(sum(n) * (sum(n) - 1.0), 0) from "
            f"(select count(*) as n from {COMPARED} where {called} is not null group by {called})"
        )
    row = connection.execute(statement).fetchone()
    return float((row and row[0]) or 0.0)


def _pools(connection: duckdb.DuckDBPyConnection, columns: Sequence[Held], more: float) -> Iterator[Pool]:
    equal = [each for each in columns if not each.is_list and each.look.filled >= LEAST_FILLED * each.look.rows]
    for some in [*((each,) for each in equal), *combinations(equal, 2)]:
        pairs, kept = _pairs(connection, some, more)
        if len(some) == 1 and pairs > PAIRS_A_ROW * some[0].look.rows * more:
            continue
        patterns, times = _held(connection, some, columns)
        if times.sum() >= LEAST_HELD:
            yield Pool(tuple(each.look.name for each in some), pairs, kept, patterns, times)


def _pairs(connection: duckdb.DuckDBPyConnection, columns: Sequence[Held], more: float) -> tuple[float, float]:
    """Count the pairs of all rows that agree in columns, and those of them whose value is not too common for a rule."""
    key, filled = _key(columns)
    row = connection.execute(
        f"select coalesce(sum(pairs), 0), coalesce(sum(pairs) filter (where pairs <= {PAIRS_OF_A_VALUE}), 0) from "
        # Twice the rows make four times the pairs.
        f"(select count(*) as n, n * (n - 1) / 2 * {more**2} as pairs from {COMPARED} where {filled} group by {key})"
    ).fetchone()
    assert row is not None
    return float(row[0]), float(row[1])


def _key(columns: Sequence[Held]) -> tuple[str, str]:
    """Return the list of columns, and the condition that none is empty."""
    names = [each.called for each in columns]
    return ", ".join(names), " and ".join(f"{name} is not null" for name in names)


def _held(
    connection: duckdb.DuckDBPyConnection, some: Sequence[Held], columns: Sequence[Held]
) -> tuple[Floats, Floats]:
    """Return the patterns in which rows agree beside some columns, and how often each was found."""
    key, filled = _key(some)
    # A part of the values, as a part of the rows would part those that agree.
    if part := some[0].look.rows // MOST_HELD:
        filled += f" and hash({key}) % {part} = 0"
    places = [place for place, each in enumerate(columns) if each not in some]
    lags, agree = "", ""
    for place in places:
        name, before = columns[place].called, f"before_{place}"
        lags += f", {name}, lag({name}) over one as {before}"
        same = f"list_has_any({name}, {before})" if columns[place].is_list else f"{name} = {before}"
        agree += f", ({same})::double"
    found = connection.sql(
        f"select count(*)::double{agree} from ("
        f"select row_number() over one as number{lags} from {COMPARED} where {filled} "
        f"window one as (partition by {key} order by hash(place))) where number > 1 group by all"
    ).fetchall()
    rows = np.array(found, dtype=np.float64).reshape(len(found), len(places) + 1)
    patterns = np.full((len(found), len(columns)), np.nan)
    patterns[:, places] = rows[:, 1:]
    return patterns, rows[:, 0]
