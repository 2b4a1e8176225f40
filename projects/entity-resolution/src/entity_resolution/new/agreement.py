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


@dataclass(frozen=True)
class Held:
    """A column as it is in `COMPARED`, where names of columns and of what is counted must not meet.

    Attributes:
        called: What it is called there.
    """

    look: Look
    called: str

    @property
    def text(self) -> str:
        """The expression for what is compared: a list, or a hash, so that what is empty is equal to nothing."""
        name = quote(self.look.name)
        text = f"plain_text(cast({name} as varchar))"
        return name if self.look.is_list else f"if({text} is null, null, hash({text}))"


class Compared:
    """Columns of the rows in `TABLE`, in the form in which they are compared.

    Args:
        connection: Where the rows are.
        looks: The columns.
        rows: How many rows there are in all, of which `TABLE` may be a part.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, looks: Sequence[Look], rows: int) -> None:
        self.rows = rows
        self._connection = connection
        self._more = rows / max(looks[0].rows, 1)
        self._columns = {look.name: Held(look, f"column_{place}") for place, look in enumerate(looks)}
        columns = ", ".join(f"{held.text} as {held.called}" for held in self._columns.values())
        connection.execute(
            f"create or replace temporary table {COMPARED} as "
            f"select row_number() over () as place, {columns} from {TABLE}"
        )

    def pairs(self, names: Sequence[str]) -> float:
        """Count the pairs of all rows that agree in all of some columns."""
        return self._pairs([self._columns[name] for name in names])[0]

    def agreement(self, names: Sequence[str]) -> Agreement:
        """Hold rows against others that agree with them in one of some columns, or in two.

        Each row is held against one other, so that many rows of one value do not outweigh all else. Lists agree where
        they share an item.
        """
        columns = [self._columns[name] for name in names]
        chances = {held: self._by_chance(held) for held in columns}
        telling = [held for held in columns if 0 < chances[held] <= COMMON]
        return Agreement(
            columns=tuple(held.look.name for held in telling),
            chance=np.array([chances[held] for held in telling]),
            filled=np.array([held.look.filled / held.look.rows for held in telling]),
            rows=self.rows,
            pools=tuple(self._pools(telling)),
        )

    def _by_chance(self, held: Held) -> float:
        name = held.called
        if held.look.is_list:
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
        row = self._connection.execute(statement).fetchone()
        return float((row and row[0]) or 0.0)

    def _pools(self, columns: Sequence[Held]) -> Iterator[Pool]:
        least = LEAST_FILLED * columns[0].look.rows if columns else 0
        equal = [held for held in columns if not held.look.is_list and held.look.filled >= least]
        for some in [*((held,) for held in equal), *combinations(equal, 2)]:
            pairs, kept = self._pairs(some)
            if len(some) == 1 and pairs > PAIRS_A_ROW * self.rows:
                continue
            patterns, times = _held(self._connection, some, columns)
            if times.sum() >= LEAST_HELD:
                yield Pool(tuple(held.look.name for held in some), pairs, kept, patterns, times)

    def _pairs(self, columns: Sequence[Held]) -> tuple[float, float]:
        """Count pairs of all rows that agree in columns, and those of them whose value is not too common for a rule."""
        key, filled = _key(columns)
        row = self._connection.execute(
            f"select coalesce(sum(pairs), 0), coalesce(sum(pairs) filter (where pairs <= {PAIRS_OF_A_VALUE}), 0) from "
            # Twice the rows make four times the pairs.
            f"(select count(*) as n, n * (n - 1) / 2 * {self._more**2} as pairs "
            f"from {COMPARED} where {filled} group by {key})"
        ).fetchone()
        assert row is not None
        return float(row[0]), float(row[1])


def _key(columns: Sequence[Held]) -> tuple[str, str]:
    """Return the list of columns, and the condition that none is empty."""
    names = [held.called for held in columns]
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
        same = f"list_has_any({name}, {before})" if columns[place].look.is_list else f"{name} = {before}"
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
