"""Sources that have an entity once at most: catalogs, price lists, registers."""

from __future__ import annotations

import pyarrow as pa
import pytest
from conftest import Platform

from entity_resolution.engine.linking import definition
from entity_resolution.engine.model_store import Model
from entity_resolution.entity import Entity, Parties, Training
from entity_resolution.kinds import Category, FirstSource, Quantity, Words, same
from entity_resolution.opening import open_workplace
from shared.warehouse import open_warehouse

ARTICLE = Entity(
    name="article",
    parties=Parties("core.dim_article", id="number", source="shop", duplicate_free=("ours", "theirs")),
    compare=(Words("label", abbreviated=True), Quantity("size"), Category("shelf")),
    block=(same("size"), same("label")),
    training=Training(sure=(same("label", "size"),), recall=0.5, sessions=(same("label"), same("size"))),
    golden=(FirstSource("label"),),
)
ARTICLES = [
    ("ours", "1", "Green tea", "100 g", "tea"),
    ("ours", "2", "Green tea", "0.1 kg", "tea"),
    ("theirs", "1", "Green tea", "100 g", "tea"),
    ("ours", "3", "Olive soap", "12 oz", "bath"),
    ("theirs", "2", "Olive sp", "340 g", "bath"),
    ("theirs", "3", "Olive soaps", "340 g", "care"),
    ("others", "1", "Salt", "1 lb", "food"),
    ("others", "2", "Salt", "1 lb", "food"),
]


def test_at_most_one_record_of_a_source(platform: Platform) -> None:
    """A record is joined with the best of another source, with none of two equally good ones, and with none of its own;
    a source that is not named may have an entity twice."""
    rows = [dict(zip(("shop", "number", "label", "size", "shelf"), row, strict=True)) for row in ARTICLES]
    with open_warehouse(platform.settings, holder="test", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow("core.dim_article", pa.Table.from_pylist(rows))
    with (
        open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse,
        open_workplace(warehouse, platform.settings, ARTICLE) as workplace,
    ):
        model = Model(definition.settings(ARTICLE), definition="", learned=False, trained_on={})
        found = workplace.cluster(model, 0.5).clusters.to_pylist()
    clusters: dict[str, list[str]] = {}
    for party in found:
        clusters.setdefault(party["cluster_id"], []).append(party["party_id"])
    together = sorted(sorted(parties) for parties in clusters.values() if len(parties) > 1)
    assert len(found) == len(ARTICLES)
    assert together == [["others:1", "others:2"], ["ours:3", "theirs:2"]]


def test_name_of_a_source_that_cannot_be() -> None:
    """A source whose name could not be part of a statement is refused where it is declared."""
    with pytest.raises(ValueError, match="String should match pattern"):
        Parties("core.dim_article", id="number", source="shop", duplicate_free=("our shop",))
