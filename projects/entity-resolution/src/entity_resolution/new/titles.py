"""Titles, as of products in catalogs: hardly ever equal, so that nothing can be learned of what rows agree in.

What tells is how many rare words two share, and whether the codes are the same that both have. Two are held to be the
same where each is the most like the other one: of different sources where these are catalogs, which have a thing once.

Addresses are such texts, too, but their words are those of many others, and what is most like one may be another house
of the street. So where words join much, they are those of titles only if two that are each other's best agree in what
else tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from entity_resolution.engine.tables import FORMED, WORDED, Ask
from entity_resolution.engine.vocabularies import Vocabulary, derive
from entity_resolution.kinds.base import COLUMN
from entity_resolution.kinds.blocks import RAREST, same_rare_words
from entity_resolution.kinds.vocabulary import rare, same_codes, share
from entity_resolution.new.agreement import PAIRS_A_ROW
from entity_resolution.new.choice import LEAST_SAME, Choice
from entity_resolution.new.profile import TABLE, Look
from shared.warehouse import quote

# So many rows have a title, and so many of these one of their own.
LEAST_FILLED, LEAST_DISTINCT = 0.5, 0.8
# A source that has more of its titles twice is no catalog.
MOST_TWICE = 0.25
# From which share of the parts of both on two titles may be the same, see `vocabulary`.
LEAST_ALIKE = 0.5
# Where more of those that are each other's best are equal to the letter, what rows agree in tells enough.
MOST_EQUAL = 0.3
# The best of all candidates may be improbable by itself; what else could be meant has lost against it.
THRESHOLD = 0.01
# Codes tell, where at least this share of those that are each other's best and have any has the same.
SAME_CODES = 0.25
# Which share of the words of a title stand in a text that says it again.
REPEATED = 0.5
# Whoever is sure may be more than are the best.
MOST_RECALL = 0.99
SHARES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
COLUMN_NAME = "title"
# So many pairs may be looked at, however few rows there are.
PAIRS_FREE = 500_000
# Words that join more than `PAIRS_A_ROW` are those of titles where, of the pairs that are each other's best, this share
# agrees in half of what else tells: columns in which no more of all pairs than this are alike by so many letters. Half,
# as a postcode says of two houses of a street that they are the same, and telephone and name that they are not.
LEAST_BORNE_OUT, HALF, MOST_BY_CHANCE, AGREES = 0.75, 0.5, 0.02, 0.8

TITLES = f"""
create or replace temporary table {FORMED} as
    select
        cast(row_number() over () as varchar) as party_id,
        cast({{source}} as varchar) as source,
        words_text(plain_text({{title}})) as {COLUMN_NAME}{{others}}
    from {TABLE} where {{source}} is not null
"""
AGREE = f"(edit_similarity({{}}, {{}}) >= {AGREES})"
OTHER = "other_{}"
BY_CHANCE = f"""
select coalesce(avg(cast({AGREE.format("one", "other")} as integer)), 1) from (
    select other_{{0}} as one, lag(other_{{0}}) over (order by hash(party_id)) as other
    from {FORMED} where other_{{0}} is not null
)
"""
SOURCES = f"""
select source, 1 - count(distinct {COLUMN_NAME}) / greatest(count({COLUMN_NAME}), 1) from {FORMED} group by 1 order by 1
"""
RARE_WORDS = ", ".join(rare(COLUMN_NAME, place) for place in range(1, RAREST + 1))
KEYS = f"""
create or replace temporary table title_keys as
    select party_id, source, unnest([{RARE_WORDS}]) as key from {WORDED}
"""
PAIRS = "select sum(n * (n - 1) / 2) from (select count(*) as n from title_keys where key is not null group by key)"
# Each title, and the best of all others, or of those of another source.
MATCHES = f"""
with
    met as (
        select distinct l.party_id as id_l, r.party_id as id_r
        from title_keys as l inner join title_keys as r
        on l.key = r.key and l.party_id <> r.party_id and (l.source <> r.source or not {{are_catalogs}})
    ),
    scored as (
        select
            id_l, id_r,
            l.{COLUMN_NAME} = r.{COLUMN_NAME} as is_equal,
            {same_rare_words(COLUMN_NAME).condition} as is_sure,
            {same_codes(COLUMN_NAME, "l.{}", "r.{}")} as has_same_codes,
            {share(COLUMN_NAME, "l.{}", "r.{}")} as alike,
            {{borne_out}} as is_borne_out
        from met
        inner join {WORDED} as l on l.party_id = id_l
        inner join {WORDED} as r on r.party_id = id_r
    ),
    placed as (
        select *, max(alike) over (partition by id_l) as best_l, max(alike) over (partition by id_r) as best_r
        from scored
    )
select
    count(distinct id_l) filter (is_best) / 2, count(distinct id_l) filter (is_best and is_equal) / 2,
    count(*) filter (is_sure) / 2,
    count(distinct id_l) filter (is_best and has_same_codes is not null) / 2,
    count(distinct id_l) filter (is_best and has_same_codes) / 2,
    count(*) filter (is_best and is_borne_out is not null) / 2, count(*) filter (is_best and is_borne_out) / 2
from (select *, alike >= {LEAST_ALIKE} and alike = best_l and alike = best_r as is_best from placed)
"""


@dataclass(frozen=True)
class Titles:
    """A column of titles, and what to declare of it.

    Attributes:
        kinds: Its kinds, as they are written.
        duplicate_free: The sources, each of which is held to have a thing once; none where one has it several times.
        repeated: The columns that say what it says, and more: two agreements would be counted that are one.
        are_equal: Whether many that are the same are equal to the letter, so that what rows agree in may tell more.
        is_borne_out: Whether most that are the same by their titles are known to agree in what else tells.
    """

    name: str
    kinds: tuple[str, ...]
    duplicate_free: tuple[str, ...]
    rules: Choice
    repeated: tuple[str, ...]
    are_equal: bool
    is_borne_out: bool


@dataclass(frozen=True)
class Matched:
    """Pairs of texts that are each other's best, and what they have in common.

    Attributes:
        matches: How many pairs there are.
        equal: Those that are equal to the letter.
        sure: How many pairs at all share all their rarest words.
        coded, same: Those of which both have codes, and the same ones.
        known, borne_out: Those of which something else is known that tells, and those that agree in half of it.
    """

    matches: float
    equal: float
    sure: float
    coded: float
    same: float
    known: float
    borne_out: float

    @property
    def are_equal(self) -> bool:
        """Whether many are equal to the letter, so that what rows agree in may tell more."""
        return self.equal > MOST_EQUAL * self.matches

    @property
    def is_borne_out(self) -> bool:
        """Whether what else is known says of most that they are the same."""
        return self.known >= LEAST_SAME and self.borne_out >= LEAST_BORNE_OUT * self.known


def titles_in(
    connection: duckdb.DuckDBPyConnection, looks: Iterable[Look], source: str | None, others: Iterable[Look] = ()
) -> Titles | None:
    """Return the column of titles by which rows are the same; None where there is none.

    Args:
        connection: Where the rows that were looked at are.
        looks: The columns of texts of several words.
        source: The column that names the source.
        others: What else may tell rows apart.
    """
    texts = [*looks]
    hardly_equal = [
        look
        for look in texts
        if look.filled >= LEAST_FILLED * look.rows and look.distinct >= LEAST_DISTINCT * look.filled
    ]

    def ask(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql).fetchall()

    # What has more words describes.
    for title in sorted(hardly_equal, key=lambda look: look.words):
        beside = [look.name for look in (*texts, *others) if look is not title]
        free = _words(ask, title.name, source, beside)
        pairs = ask(PAIRS)[0][0] or 0
        if pairs <= PAIRS_A_ROW * title.rows:
            return _titles(connection, title.name, texts, free, Matched(*ask(_matches(free, []))[0]))
        telling = [place for place in range(len(beside)) if ask(BY_CHANCE.format(place))[0][0] <= MOST_BY_CHANCE]
        if pairs <= PAIRS_FREE and telling:
            found = Matched(*ask(_matches(free, telling))[0])
            if found.is_borne_out and not found.are_equal:
                return _titles(connection, title.name, texts, free, found)
    return None


def _words(ask: Ask, title: str, source: str | None, beside: Sequence[str]) -> tuple[str, ...]:
    """Make the tables of a column's words, and return the sources that have nothing twice."""
    others = "".join(
        f", code_text(cast({quote(name)} as varchar)) as {OTHER.format(place)}" for place, name in enumerate(beside)
    )
    ask(TITLES.format(source=quote(source) if source else "''", title=quote(title), others=others))
    sources: dict[str, float] = dict(ask(SOURCES))
    catalogs = len(sources) > 1 and max(sources.values()) <= MOST_TWICE
    derive(ask, [COLUMN_NAME], {COLUMN_NAME: Vocabulary.of(ask, COLUMN_NAME)})
    ask(KEYS)
    return tuple(sources) if catalogs and all(re.fullmatch(COLUMN, one) for one in sources) else ()


def _matches(free: Sequence[str], telling: Sequence[int]) -> str:
    """Return the query for `Matched`, by the places of what else tells."""
    agree = ", ".join(
        f"cast({AGREE.format(f'l.{name}', f'r.{name}')} as integer)" for name in map(OTHER.format, telling)
    )
    # What is not known counts for nothing.
    borne_out = f"list_avg([{agree}]) >= {HALF}" if telling else "null"
    return MATCHES.format(are_catalogs=bool(free), borne_out=borne_out)


def _titles(
    connection: duckdb.DuckDBPyConnection, title: str, texts: Iterable[Look], free: tuple[str, ...], found: Matched
) -> Titles | None:
    if found.matches < LEAST_SAME or found.sure < LEAST_SAME:
        return None
    words = f'Words("{title}", idf=True, shared={SHARES})'
    has_codes = found.same >= max(LEAST_SAME, SAME_CODES * found.coded)
    kinds = (words, f'Codes("{title}")') if has_codes else (words,)
    rules = _rules(title, min(found.sure / found.matches, MOST_RECALL), THRESHOLD if free else None)
    repeated = tuple(each.name for each in texts if each.name != title and _repeats(connection, title, each.name))
    return Titles(title, kinds, free, rules, repeated, found.are_equal, found.is_borne_out)


def _repeats(connection: duckdb.DuckDBPyConnection, title: str, text: str) -> bool:
    """Tell whether a text has most words of the title beside it."""
    words = (f"string_split(words_text(plain_text({quote(name)})), ' ')" for name in (title, text))
    row = connection.execute(
        f"select avg(len(list_intersect(title, words)) / len(title)) from "
        f"(select {next(words)} as title, {next(words)} as words from {TABLE})"
    ).fetchone()
    return bool(row and (row[0] or 0) >= REPEATED)


def _rules(title: str, recall: float, threshold: float | None) -> Choice:
    same = f'same_rare_words("{title}")'
    return Choice((f'*rare_words("{title}")',), (same,), (same, f'same_rare_words("{title}", 1)'), recall, threshold)
