"""How many records have each word of a column, as a model has learned it: two that share a rare word may be the same.

They are the model's own, so that a record is the same whatever other records are there; a word that the model does not
know counts as one that nobody else has until it is trained anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from typing_extensions import Self

from entity_resolution.engine.tables import FORMED, WORDED, Ask
from entity_resolution.kinds.functions import kept_of
from entity_resolution.kinds.vocabulary import derived, derived_query, words_of
from shared.warehouse import quote

# How many words of a column a model keeps, those that most records have.
MOST_KEPT = 100_000


@dataclass(frozen=True)
class Vocabulary:
    """How many records have each word of a column.

    Attributes:
        records: How many records have a text.
        kept: How many have each word that at least two have, by the hashes of words.
    """

    records: int
    kept: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, ask: Ask, column: str) -> Self:
        """Learn that of a column of the parties."""
        ((records,),) = ask(f"select count({quote(column)}) from {FORMED}")
        rows = ask(
            f"select {kept_of('word')}, count(*) as n from ({words_of(column, FORMED)}) as word group by word "
            # Two words beside each other are one where somebody writes them as one.
            f'having count(*) > 1 and min(is_joined) = 0 order by n desc, word collate "C" limit {MOST_KEPT}'
        )
        return cls(int(records), {str(word): int(n) for word, n in rows})


def derive(ask: Ask, columns: Sequence[str], known: Mapping[str, Vocabulary]) -> str:
    """Make the table of the parties with what is derived of the words of columns, and return what it is called.

    Args:
        ask: Runs a statement where the parties are, in the table `FORMED`.
        columns: The columns; the parties are as they were where there are none.
        known: Their words.
    """
    if not columns:
        return FORMED
    told = [known.get(column, Vocabulary(0)) for column in columns]
    joins, more = "", ""
    for place, (column, each) in enumerate(zip(columns, told, strict=True)):
        of_one = derived_query(column, FORMED, each.records, each.kept)
        joins += f" left join ({of_one}) as words_{place} on words_{place}.party_id = party.party_id"
        more += "".join(f", words_{place}.{quote(name)}" for name in derived(column))
    ask(f"drop table if exists {WORDED}")
    # A join keeps no order, and samples are drawn by it.
    ask(
        f"create table {WORDED} as select party.*{more} from {FORMED} as party{joins} "
        'order by party.party_id collate "C"'
    )
    ask(f"analyze {WORDED}")
    return WORDED
