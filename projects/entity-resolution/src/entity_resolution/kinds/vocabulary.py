"""Texts by how rare their words are: what is derived of a column, by the number of records that have each word.

A word counts in parts, the more the rarer it is, so that what two texts share is a number of parts and means the same
on every engine: logarithms are not the same to the last digit everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from entity_resolution.kinds.functions import kept_of
from shared.warehouse import literal, quote

# What is looked at of a text, so that one of endless words costs no more than another.
MOST_WORDS = 64
# More records than these with a word would make more pairs of it than a rule allows.
MOST_RECORDS = 1_000
# Of a text, its rarest words that others have too.
MOST_RARE = 5
# A word has one part more for each eighth of the records that are left by it: log8 of records to those with the word.
PARTS = tuple(8**power for power in range(5))


def rare(column: str, place: int) -> str:
    """Return what the column is called that holds the rarest word of another one's text, or the next one by `place`."""
    return f"{column}__rare{place}"


def parts(column: str) -> str:
    """Return what the column is called that holds the parts of a text's words, a blank between them."""
    return f"{column}__parts"


def count_of_parts(column: str) -> str:
    """Return what the column is called that holds how many parts a text has."""
    return f"{column}__count"


def derived(column: str) -> tuple[str, ...]:
    """Return what all columns are called that are derived of one."""
    return *(rare(column, place + 1) for place in range(MOST_RARE)), parts(column), count_of_parts(column)


def words_of(column: str, parties: str) -> str:
    """Return the query, in the SQL of both engines, for the words of each party: columns `party_id` and `word`."""
    words = f"(string_to_array(words_text(cast({quote(column)} as varchar)), ' '))[1:{MOST_WORDS}]"
    split = f"select party_id, unnest({words}) as word from {parties} where {quote(column)} is not null"
    return f"select distinct party_id, word from ({split}) as split"


def share(column: str, left: str, right: str) -> str:
    """Return the expression for which share of the parts of two texts' words both have.

    Args:
        column: The column of the texts.
        left, right: How a column of either record is written, its name being `{}`.
    """
    words, count = parts(column), count_of_parts(column)
    shared = f"shared_parts({left.format(words)}, {right.format(words)}, ' ')"
    return f"2.0 * {shared} / ({left.format(count)} + {right.format(count)})"


def derived_query(column: str, parties: str, records: int, kept: Mapping[str, int]) -> str:
    """Return the query, in the SQL of both engines, for `derived` of each party with a text, beside its `party_id`.

    Args:
        column: The column.
        parties: The table of the parties.
        records: Of how many records words were counted.
        kept: How many of them have each word that at least two have, by its hash.
    """
    # As texts, since a list of so many rows takes an engine seconds to read; the first is nobody's.
    hashes, counts = (literal(" ".join(map(str, each))) for each in (["", *kept], [0, *kept.values()]))
    known = f"select unnest(string_to_array({hashes}, ' ')) as hash, unnest(string_to_array({counts}, ' ')) as n"
    steps = ", ".join(f"({place + 1}, {power})" for place, power in enumerate(PARTS))
    places = ", ".join(
        f"max(case when place = {place + 1} and is_key then word end) as {quote(rare(column, place + 1))}"
        for place in range(MOST_RARE)
    )
    return (
        f"with word as ({words_of(column, parties)}), known as ({known}), "
        "counted as (select party_id, word, cast(coalesce(n, '1') as bigint) as n from word "
        f"left join known on hash = {kept_of('word')}), "
        f"judged as (select *, n between 2 and {MOST_RECORDS} as is_key from counted), "
        "placed as (select *, row_number() over (partition by party_id "
        'order by case when is_key then 0 else 1 end, n, word collate "C") as place from judged), '
        # Nobody's word has the sign between a word and the number of its part.
        f"weighed as (select party_id, string_agg(word || '#' || step, ' ' order by place, step) as parts, "
        f"count(*) as parts_count from placed join (values {steps}) as steps (step, power) "
        f"on step = 1 or n * power <= {records} group by party_id), "
        f"keys as (select party_id, {places} from placed group by party_id) "
        f"select keys.*, parts as {quote(parts(column))}, parts_count as {quote(count_of_parts(column))} "
        "from keys join weighed using (party_id)"
    )
