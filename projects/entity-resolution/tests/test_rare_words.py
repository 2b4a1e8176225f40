"""Titles, which are hardly ever equal: found by the rarest words that two share, and told by how rare these are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from conftest import Platform

from entity_resolution.engine.fillers import hold_out
from entity_resolution.engine.in_memory import in_memory
from entity_resolution.engine.linking import definition
from entity_resolution.engine.linking.linking import affordable_rules
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.tables import FORMED, PARTIES
from entity_resolution.engine.vocabularies import Vocabulary
from entity_resolution.entity import Entity, Parties, Training
from entity_resolution.kinds import FirstSource, Words, functions, rare_words, same
from entity_resolution.kinds.vocabulary import hashed_word
from entity_resolution.opening import open_workplace
from shared.warehouse import open_warehouse

TITLE = Entity(
    name="title",
    parties=Parties("core.dim_title", id="number", source="shop"),
    compare=(Words("title", idf=True),),
    block=rare_words("title", 2),
    training=Training(sure=(same("title"),), recall=0.5, sessions=(same("title"), rare_words("title", 1)[0])),
    golden=(FirstSource("title"),),
)
TITLES = [
    "Canon PowerShot SX-30 camera",
    "camera canon sx 30,",
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


def learned(titles: Iterable[str | None]) -> Vocabulary:
    """Return the vocabulary of titles."""
    with duckdb.connect() as connection:
        connection.execute(functions.duckdb())
        connection.register("titles", parties_of(titles))
        connection.execute(f"create table {FORMED} as select number as party_id, plain_text(title) as title from titles")
        return Vocabulary.of(lambda sql: connection.execute(sql).fetchall(), "title")


def together(platform: Platform, entity: Entity, vocabulary: Vocabulary, titles: Iterable[str | None]) -> list[set[str]]:
    """Return the parties that are one entity by any weight at all, where there are several."""
    with open_warehouse(platform.settings, holder="test", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow("core.dim_title", parties_of(titles))
    with (
        open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse,
        open_workplace(warehouse, platform.settings, entity) as workplace,
    ):
        model = Model(
            definition.settings(entity), definition="", learned=False, trained_on={}, words={"title": vocabulary}
        )
        found = workplace.cluster(model, 1e-12).clusters.to_pylist()
    clusters: dict[str, set[str]] = {}
    for party in found:
        clusters.setdefault(party["cluster_id"], set()).add(party["source_id"])
    return sorted((each for each in clusters.values() if len(each) > 1), key=sorted)


def test_two_that_share_a_rare_word(platform: Platform) -> None:
    """Titles are joined that share a word among their two rarest, whatever signs and accents they are written with, and
    others are not, though both have a common word; a missing title has no words."""
    assert together(platform, TITLE, learned(TITLES), TITLES) == [{"0", "1"}, {"3", "4"}, {"7", "8"}]
