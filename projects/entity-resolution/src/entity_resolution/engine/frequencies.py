"""How frequent values are, as a model has learned it: agreeing on a rare one says more than agreeing on a common one.

They are the model's own, so that it weighs two records in the same way whatever other records are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from entity_resolution.engine.blocking.rules import as_text
from entity_resolution.engine.tables import PARTIES, TERMS, Ask
from entity_resolution.kinds.functions import kept_of
from shared.warehouse import literal, quote

if TYPE_CHECKING:
    from splink import Linker
    from splink.internals.database_api import DatabaseAPISubClass

# How many values of a column a model keeps; the others count as the mean of them. What one of the rarer ones says
# differs by less than it could be learned from so few records.
MOST_KEPT = 10_000


@dataclass(frozen=True)
class Frequencies:
    """How frequent the values of a column are.

    Attributes:
        records: How many records have a value.
        others: How many of these each value has that is not kept, on average.
        kept: How many have each of the most frequent ones, by the hashes of these.
    """

    records: int
    others: float
    kept: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, ask: Ask, column: str) -> Self:
        """Learn those of a column of the parties."""
        text = as_text(quote(column))
        counted = f"select {text} as value, count(*) as n from {PARTIES} where {quote(column)} is not null group by 1"
        ((records, values),) = ask(f"select cast(sum(n) as bigint), count(*) from ({counted}) as counted")
        rows = ask(
            f"select {kept_of('value')}, n from ({counted}) as counted where n > 1 "
            f'order by n desc, value collate "C" limit {MOST_KEPT}'
        )
        kept = {str(value): int(n) for value, n in rows}
        left = int(records or 0) - sum(kept.values()), int(values) - len(kept)
        return cls(int(records or 0), left[0] / left[1] if left[1] else 1.0, kept)

    def query(self, column: str, parties: str) -> str:
        """Return the query for the share of records of each value that parties have, as Splink looks it up."""
        kept = ", ".join(f"({literal(value)}, {n})" for value, n in [("", 0), *self.kept.items()])
        share = f"cast(coalesce(kept.n, {self.others!r}) as double precision) / {max(self.records, 1)}"
        return (
            f"select there.{quote(column)}, {share} as {quote(f'tf_{column}')} "
            f"from (select distinct {quote(column)} from {parties} where {quote(column)} is not null) as there "
            f"left join (values {kept}) as kept (value, n) "
            f"on kept.value = {kept_of(as_text(f'there.{quote(column)}'))}"
        )


def learn(ask: Ask, settings: Mapping[str, Any]) -> dict[str, Frequencies]:
    """Return the frequencies that a model needs, by column.

    Args:
        ask: Runs a statement where the parties are.
        settings: The model's, see `definition.settings`.
    """
    return {column: Frequencies.of(ask, column) for column in _columns(settings)}


def tell(
    ask: Ask, api: DatabaseAPISubClass, linker: Linker, known: Mapping[str, Frequencies], parties: str = PARTIES
) -> None:
    """Let a linker weigh by a model's frequencies, not by those of the parties that it links."""
    for place, (column, frequencies) in enumerate(known.items()):
        table = f"{TERMS}{place}"
        ask(f"drop table if exists {table}")
        ask(f"create table {table} as {frequencies.query(column, parties)}")
        ask(f"analyze {table}")
        linker.table_management.register_term_frequency_lookup(api.register(table), column)


def _columns(settings: Mapping[str, Any]) -> Iterator[str]:
    named = "tf_adjustment_column"
    levels = [level for comparison in settings["comparisons"] for level in comparison["comparison_levels"]]
    yield from dict.fromkeys(level[named] for level in levels if level.get(named))
