"""Titles, as of products in two catalogs: hardly ever equal, so that nothing can be learned of what rows agree in.

What tells is how many rare words two share. Catalogs have a thing once: two titles of different sources are held to be
the same where each is the most like the other one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from entity_resolution.engine.tables import FORMED, WORDED
from entity_resolution.engine.vocabularies import Vocabulary, derive
from entity_resolution.kinds.base import COLUMN
from entity_resolution.kinds.blocks import RAREST, same_rare_words
from entity_resolution.kinds.vocabulary import rare, share
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
# Whoever is sure may be more than are the best.
MOST_RECALL = 0.99
SHARES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
COLUMN_NAME = "title"

TITLES = f"""
create or replace temporary table {FORMED} as
    select
        cast(row_number() over () as varchar) as party_id,
        cast({{source}} as varchar) as source,
        words_text(plain_text({{title}})) as {COLUMN_NAME}
    from {TABLE} where {{source}} is not null
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
# Each title, and the best of another source.
MATCHES = f"""
with
    met as (
        select distinct l.party_id as id_l, r.party_id as id_r
        from title_keys as l inner join title_keys as r on l.key = r.key and l.source < r.source
    ),
    scored as (
        select
            id_l, id_r,
            l.{COLUMN_NAME} = r.{COLUMN_NAME} as is_equal,
            {same_rare_words(COLUMN_NAME).condition} as is_sure,
            {share(COLUMN_NAME, "l.{}", "r.{}")} as alike
        from met
        inner join {WORDED} as l on l.party_id = id_l
        inner join {WORDED} as r on r.party_id = id_r
    ),
    placed as (
        select *, max(alike) over (partition by id_l) as best_l, max(alike) over (partition by id_r) as best_r
        from scored
    )
select
    count(distinct id_l) filter (is_best), count(distinct id_l) filter (is_best and is_equal),
    count(*) filter (is_sure)
from (select *, alike >= {LEAST_ALIKE} and alike = best_l and alike = best_r as is_best from placed)
"""


@dataclass(frozen=True)
class Titles:
    """A column of titles, and what to declare of it.

    Attributes:
        kind: Its kind, as it is written.
        duplicate_free: The sources, each of which is held to have a thing once.
    """

    name: str
    kind: str
    duplicate_free: tuple[str, ...]
    rules: Choice


def titles_in(connection: duckdb.DuckDBPyConnection, looks: Iterable[Look], source: str | None) -> Titles | None:
    """Return the column of titles by which rows of several sources are the same; None where there is none.

    Args:
        connection: Where the rows that were looked at are.
        looks: The columns of texts of several words.
        source: The column that names the source.
    """
    hardly_equal = [
        look
        for look in looks
        if look.filled >= LEAST_FILLED * look.rows and look.distinct >= LEAST_DISTINCT * look.filled
    ]
    if not hardly_equal or source is None:
        return None
    # What has more words describes.
    title = min(hardly_equal, key=lambda look: look.words)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql).fetchall()

    ask(TITLES.format(source=quote(source), title=quote(title.name)))
    sources = dict(ask(SOURCES))
    if len(sources) < 2 or max(sources.values()) > MOST_TWICE or not all(re.fullmatch(COLUMN, one) for one in sources):
        return None
    derive(ask, [COLUMN_NAME], {COLUMN_NAME: Vocabulary.of(ask, COLUMN_NAME)})
    ask(KEYS)
    if (ask(PAIRS)[0][0] or 0) > PAIRS_A_ROW * title.rows:
        return None
    ((matches, equal, sure),) = ask(MATCHES)
    if matches < LEAST_SAME or sure < LEAST_SAME or equal > MOST_EQUAL * matches:
        return None
    return Titles(title.name, _kind(title.name), tuple(sources), _rules(title.name, min(sure / matches, MOST_RECALL)))


def _kind(title: str) -> str:
    return f'Words("{title}", idf=True, shared={SHARES})'


def _rules(title: str, recall: float) -> Choice:
    same = f'same_rare_words("{title}")'
    return Choice((f'*rare_words("{title}")',), (same,), (same, f'same_rare_words("{title}", 1)'), recall, THRESHOLD)
