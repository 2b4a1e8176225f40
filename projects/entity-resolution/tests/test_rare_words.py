"""Titles, which are hardly ever equal: found by the rarest words that two share, and told by how rare these are."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import md5

import duckdb
import pyarrow as pa
import pytest
from conftest import Platform

from entity_resolution.engine.blocking.basis import Basis
from entity_resolution.engine.blocking.rules import rules_of
from entity_resolution.engine.increments.difference import Difference
from entity_resolution.engine.increments.relinking import link_again
from entity_resolution.engine.linking import definition
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.parties import compared_parties
from entity_resolution.engine.tables import FORMED
from entity_resolution.engine.vocabularies import Vocabulary
from entity_resolution.entity import Entity, Parties, Training
from entity_resolution.kinds import FirstSource, RareWords, Words, functions, rare_words, same, same_rare_words
from entity_resolution.opening import open_workplace
from shared.warehouse import open_warehouse

# A match probability that every pair reaches which is compared at all.
ANY = 1e-12
SNAPSHOT = """
select 'one:' || number as party_id, shop as source_system, cast(number as varchar) as source_id, title from parties
"""
TITLE = Entity(
    name="title",
    parties=Parties("core.dim_title", id="number", source="shop"),
    compare=(Words("title", idf=True),),
    block=rare_words("title", 2),
    training=Training(sure=(same("title"),), recall=0.5, sessions=(same("title"), same_rare_words("title", 1))),
    golden=(FirstSource("title"),),
)
TITLES = [
    "Canon SX-30 W-7 camera",
    "camera canon w7 sx30,",
    "Nikon Coolpix camera",
    "Canon camera case",
    "black case",
    "unheard-of",
    None,
    "Ärger: o'Brien's camera",
    "arger the obriens",
]


def parties_of(titles: Iterable[str | None]) -> pa.Table:
    """Return parties of one shop, numbered from 0."""
    return pa.Table.from_pylist(
        [{"shop": "one", "number": number, "title": title} for number, title in enumerate(titles)]
    )


def model_of(vocabulary: Vocabulary) -> Model:
    """Return a model with Splink's starting weights that knows the words of titles."""
    words = {"title": vocabulary}
    return Model(definition.settings(TITLE), definition="", learned=False, trained_on={}, words=words)


def learned(titles: Iterable[str | None]) -> Vocabulary:
    """Return the vocabulary of titles."""
    with duckdb.connect() as connection:
        connection.execute(functions.duckdb())
        connection.register("titles", parties_of(titles))
        connection.execute(
            f"create table {FORMED} as select number as party_id, plain_text(title) as title from titles"
        )
        return Vocabulary.of(lambda sql: connection.execute(sql).fetchall(), "title")


def together(platform: Platform, vocabulary: Vocabulary) -> list[set[str]]:
    """Return the parties that are one entity by any weight at all, where there are several."""
    with open_warehouse(platform.settings, holder="test", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow("core.dim_title", parties_of(TITLES))
    with (
        open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse,
        open_workplace(warehouse, platform.settings, TITLE) as workplace,
    ):
        found = workplace.cluster(model_of(vocabulary), ANY).clusters.to_pylist()
    clusters: dict[str, set[str]] = {}
    for party in found:
        clusters.setdefault(party["cluster_id"], set()).add(party["source_id"])
    return sorted((each for each in clusters.values() if len(each) > 1), key=sorted)


def test_two_that_share_a_rare_word(platform: Platform) -> None:
    """Titles are joined that share a word among their two rarest, whatever signs and accents they are written with,
    also within a code, and others are not, though both have a common word; a missing title has no words."""
    assert together(platform, learned(TITLES)) == [{"0", "1"}, {"3", "4"}, {"7", "8"}]


def test_how_rare_words_are_is_the_models(platform: Platform) -> None:
    """A word that the model does not know joins nothing, though two have it by now; others are as rare as they were."""
    assert together(platform, learned(TITLES[:4])) == [{"0", "1"}, {"2", "3", "7"}]


def test_a_model_keeps_no_word() -> None:
    """What a model keeps of the words that several records have are hashes, and only they tell a word."""
    text = model_of(learned(TITLES)).to_json()
    assert "canon" not in text
    assert Model.from_json(text).words["title"].kept[md5(b"canon").hexdigest()[:12]] == 3
    assert md5(b"unheard").hexdigest()[:12] not in text


def test_an_increment_knows_the_words_of_the_model() -> None:
    """A record that is new is joined by a rare word as it would be where all are linked."""
    with duckdb.connect() as connection:
        connection.execute(functions.duckdb())
        connection.register("parties", parties_of(TITLES))
        connection.execute(f"create table {FORMED} as {compared_parties(TITLE, f'({SNAPSHOT})')}")
        before = connection.sql(f"select party_id, party_id as entity_id from {FORMED} where party_id <> 'one:1'")
        new = pa.table({"party_id": ["one:1"], "is_there": [True]})
        basis = Basis.of({}, rules_of(TITLE, TITLE.block))
        difference = Difference(new, len(TITLES), before.to_arrow_table(), basis)
        linked = link_again(connection, TITLE, model_of(learned(TITLES)), ANY, difference)
    assert linked is not None
    assert len(set(linked.clusters["cluster_id"].to_pylist())) == 1
    assert sorted(linked.clusters["party_id"].to_pylist()) == ["one:0", "one:1"]


@pytest.mark.parametrize("left", [(), (0,), (6,), (1, 2)])
def test_words_that_cannot_be(left: tuple[int, ...]) -> None:
    """The rarest words are counted from 1 to 5, and each of one record is one of the other's."""
    with pytest.raises(ValueError, match="RareWords"):
        RareWords("title", left, (1,))
