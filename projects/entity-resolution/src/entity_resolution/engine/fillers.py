"""Values that stand for nothing, as `unknown` or 1900-01-01: found by their share, and held out of every comparison.

Two rules find them, one for what is written for nothing everywhere, and one for what only a house knows of itself.

1. A word or date of the lists below, once a few records share it. One that is also a name somewhere, as `Na` or
   `Null`, must be among the most frequent values of its column beside that.
2. A value that ten times as many records share as the next frequent one. Names, towns and streets follow Zipf's law,
   where the most frequent one is ahead of the second by a factor of 2 to the power of about 1, and dates are flatter
   than that: ten is beyond what such a column explains. The records must also differ otherwise, or they may be one
   entity's. Of a column with few values nothing is held out by this rule, since a class or a state can be as common.

What a mistake costs is bounded: to agree on a value that a share p of all records has says log2(1/p) at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from entity_resolution.engine.parties import held_out_parties
from entity_resolution.engine.tables import FORMED, PARTIES, Ask
from entity_resolution.engine.vocabularies import Vocabulary, derive
from entity_resolution.entity import KEY, Entity
from entity_resolution.kinds import Form
from shared.warehouse import literal, quote

# As values are compared: in lower case, codes without the signs between their parts.
NOTHING = """
unknown, unkown, unbekannt, inconnu, desconocido, n/a, not available, not applicable, not known, not provided,
not given, not specified, no name, noname, none given, no data, tbd, tba, xxx, xxxx, xxxxx, ?, ??, ???, -, --, ---, .,
.., ..., 0000-00-00, 0001-01-01, 1900-01-01, 9999-12-31
"""
PERHAPS = """
na, null, none, nil, nan, test, tester, testing, dummy, missing, anonymous, undefined, blank, empty, default, x, xx,
1970-01-01, 1901-01-01, 1899-12-31, 1111-11-11, 2000-01-01, 12345, 123456, 1234567, 12345678, 123456789, 1234567890
"""
ALWAYS, IF_FREQUENT = (frozenset(text.strip().replace("\n", " ").split(", ")) for text in (NOTHING, PERHAPS))
# Records that must share such a word, and the place among the values of its column where it may also be a name.
FEWEST, FREQUENT = 5, 10
# For the second rule: how many times as many records as the next value has, how many of them, how many values there
# are beside it, and how many such values a column has at most.
TIMES, MANY, VALUES, MOST = 10, 50, 20, 5
SEARCHED = (Form.TEXT, Form.PLAIN, Form.CODE, Form.WORDS, Form.NUMBER)

# By column: the values, and how many records have each.
Fillers = dict[str, dict[str, int]]


class _Rank(NamedTuple):
    """A value, how many records have it, its place among the values of the column, and how many these are."""

    value: str
    records: int
    place: int
    others: int


def hold_out(ask: Ask, entity: Entity, known: Mapping[str, Iterable[str]], words: Mapping[str, Vocabulary]) -> Fillers:
    """Make the view `PARTIES` of the table `FORMED`, in which fillers are missing values, with what words tell.

    Args:
        ask: Runs a statement where the parties are.
        entity: Says which columns are compared, and of some of them what their fillers are.
        known: Those that a model has held out: they are again.
        words: The words that a model knows, by column.

    Returns:
        What is held out, those that are known but not there any more among it.
    """
    found: Fillers = {}
    for column, form in entity.forms.items():
        if form in SEARCHED and column not in KEY:
            values = _found(ask, entity, column, tuple(known.get(column, ())))
            found.update({column: values} if values else {})
    ask(f"drop view if exists {PARTIES}")
    parties = derive(ask, entity.worded, words)
    ask(f"create view {PARTIES} as select {held_out_parties(entity, found)} from {parties}")
    return found


def _found(ask: Ask, entity: Entity, column: str, known: Sequence[str]) -> dict[str, int]:
    declared = entity.fillers.get(column)
    ranks = _ranked(ask, entity, column, {*known, *(ALWAYS | IF_FREQUENT if declared is None else declared)})
    counts = {rank.value: rank.records for rank in ranks}
    held = [*known, *(_written(entity, column, ranks) if declared is None else counts.keys() & set(declared))]
    if declared is None and column not in _of_few_values(entity):
        held += _standing_out(ask, entity, column, [rank for rank in ranks if rank.value not in held])
    return {value: counts.get(value, 0) for value in sorted(set(held))}


def _ranked(ask: Ask, entity: Entity, column: str, words: Iterable[str]) -> list[_Rank]:
    """Return the most frequent values of a column, and of the others those that are among some words, or all zeros."""
    value = entity.forms[column].as_text(quote(column))
    listed = ", ".join(map(literal, sorted(words))) or "null"
    rows = ask(
        f"with counted as (select {value} as value, count(*) as n from {FORMED} where {quote(column)} is not null "
        "group by 1), ranked as (select value, n, count(*) over () as others, "
        'row_number() over (order by n desc, value collate "C") as place from counted) '
        f"select value, n, place, others from ranked where place <= {FREQUENT + MOST} "
        f"or value in ({listed}) or replace(value, '0', '') = '' order by place"
    )
    return [_Rank(str(value), int(n), int(place), int(others)) for value, n, place, others in rows]


def _written(entity: Entity, column: str, ranks: Iterable[_Rank]) -> Iterator[str]:
    """Return what is written for nothing everywhere."""
    few = column in _of_few_values(entity)
    for rank in ranks:
        zeros = not few and not rank.value.replace("0", "")
        frequent = not few and rank.value in IF_FREQUENT and rank.place <= FREQUENT
        if rank.records >= FEWEST and (rank.value in ALWAYS or zeros or frequent):
            yield rank.value


def _standing_out(ask: Ask, entity: Entity, column: str, ranks: Sequence[_Rank]) -> Iterator[str]:
    """Return what is so frequent that the others do not explain it."""
    ahead = 0
    for place, (rank, following) in enumerate(pairwise(ranks), 1):
        if place <= MOST and rank.records >= max(MANY, TIMES * following.records) and rank.others - place >= VALUES:
            ahead = place
    value = entity.forms[column].as_text(quote(column))
    others = [f"count(distinct {quote(name)})" for name in entity.forms if name not in (column, *KEY)]
    for rank in ranks[:ahead] if others else ():
        ((different,),) = ask(
            f"select greatest({', '.join(others)}) from {FORMED} where {value} = {literal(rank.value)}"
        )
        if different >= TIMES * ranks[ahead].records:
            yield rank.value


def _of_few_values(entity: Entity) -> set[str]:
    return {column for each in entity.compare if each.few_values for column in each.forms}
