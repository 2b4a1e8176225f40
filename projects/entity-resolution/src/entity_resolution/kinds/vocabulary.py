"""Texts by how rare their words are: what is derived of a column, by the number of records that have each word.

A word counts in parts, the more the rarer it is, so that what two texts share is a number of parts and means the same
on every engine: logarithms are not the same to the last digit everywhere.

What has a digit is also looked at together with the word beside it, since `SX-30`, `SX 30` and `SX30` are one code, and
`500 GB` is `500GB`: the two count as a word where another record has them as one.
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
# What more records have than one of so many is no code that tells things apart, but a measure or a year.
RECORDS_A_CODE = 64
SHORTEST_CODE = 3
DIGITS = "0123456789"


def rare(column: str, place: int) -> str:
    """Return what the column is called that holds the rarest word of another one's text, or the next one by `place`."""
    return f"{column}__rare{place}"


def parts(column: str) -> str:
    """Return what the column is called that holds the parts of a text's words, a blank between them."""
    return f"{column}__parts"


def count_of_parts(column: str) -> str:
    """Return what the column is called that holds how many parts a text has."""
    return f"{column}__count"


def codes(column: str) -> str:
    """Return what the column is called that holds the codes within a text: its rare words that have a digit."""
    return f"{column}__codes"


def written_codes(column: str) -> str:
    """Return what the column is called that holds those of `codes` that are one word of the text."""
    return f"{column}__written"


def derived(column: str) -> tuple[str, ...]:
    """Return what all columns are called that are derived of one."""
    words = (rare(column, place + 1) for place in range(MOST_RARE))
    return *words, parts(column), count_of_parts(column), codes(column), written_codes(column)


def words_of(column: str, parties: str) -> str:
    """Return the query, in the SQL of both engines, for the words of each party.

    Returns:
        Columns `party_id`, `word`, and `is_joined`: whether it is two words of the text, one of which has a digit.
    """
    words = f"(string_to_array(words_text(cast({quote(column)} as varchar)), ' '))[1:{MOST_WORDS}]"
    # Both lists are read side by side.
    split = (
        f"select party_id, unnest(words) as word, unnest(words[2:{MOST_WORDS}]) as following "
        f"from (select party_id, {words} as words from {parties} where {quote(column)} is not null) as listed"
    )
    return (
        f"with split as ({split}) select party_id, word, min(is_joined) as is_joined from ("
        "select party_id, word, 0 as is_joined from split union all "
        f"select party_id, word || following, 1 from split where {_has_digit('word || following')}"
        ") as either group by party_id, word"
    )


def _has_digit(text: str) -> str:
    return f"translate({text}, '{DIGITS}', '') <> {text}"


def share(column: str, left: str, right: str) -> str:
    """Return the expression for which share of the parts of two texts' words both have.

    Args:
        column: The column of the texts.
        left, right: How a column of either record is written, its name being `{}`.
    """
    words, count = parts(column), count_of_parts(column)
    shared = f"shared_parts({left.format(words)}, {right.format(words)}, ' ')"
    return f"2.0 * {shared} / ({left.format(count)} + {right.format(count)})"


def same_codes(column: str, left: str, right: str) -> str:
    """Return the condition that two texts share a code, and one has none that the other lacks; null where one has none.

    Args:
        column, left, right: As of `share`.
    """

    def shared(one: str, other: str) -> str:
        return f"shared_parts({one}, {other}, ' ')"

    both, own = ([side.format(name) for side in (left, right)] for name in (codes(column), written_codes(column)))
    within = [
        f"{shared(mine, theirs)} = {shared(mine, mine)}" for mine, theirs in zip(own, reversed(both), strict=True)
    ]
    return f"{shared(*both)} >= 1 and ({' or '.join(within)})"


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
    is_code = f"{_has_digit('word')} and n * {RECORDS_A_CODE} <= {records} and length(word) >= {SHORTEST_CODE}"
    told = ", ".join(
        f"string_agg(case when {condition} then word end, ' ' order by place) as {quote(name)}"
        for name, condition in {codes(column): is_code, written_codes(column): f"is_joined = 0 and {is_code}"}.items()
    )
    return (
        f"with word as ({words_of(column, parties)}), known as ({known}), "
        "counted as (select party_id, word, is_joined, cast(coalesce(n, '1') as bigint) as n from word "
        f"left join known on hash = {kept_of('word')} where n is not null or is_joined = 0), "
        f"judged as (select *, n between 2 and {MOST_RECORDS} as is_key from counted), "
        "placed as (select *, row_number() over (partition by party_id "
        'order by case when is_key then 0 else 1 end, n, word collate "C") as place from judged), '
        # Nobody's word has the sign between a word and the number of its part.
        f"weighed as (select party_id, string_agg(word || '#' || step, ' ' order by place, step) as parts, "
        f"count(*) as parts_count from placed join (values {steps}) as steps (step, power) "
        f"on step = 1 or n * power <= {records} group by party_id), "
        f"keys as (select party_id, {places}, {told} from placed group by party_id) "
        f"select keys.*, parts as {quote(parts(column))}, parts_count as {quote(count_of_parts(column))} "
        "from keys join weighed using (party_id)"
    )
