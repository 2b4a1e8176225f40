"""A raw table that nobody has loaded stops nothing, unless it is required."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from platforms import NO_TESTS, Platform

from shared.monitoring import history
from transformation import layers

READ_AS_EMPTY = re.compile(r"source_or_empty\(source\('raw', '(\w+)'\)")


@pytest.fixture
def without_coupons(on_raw: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Return a platform on which coupons were not loaded, and are declared as a table is that says nothing of it."""
    declared = (layers.RAW_SOURCES / "_raw__sources.yml").read_text(encoding="utf-8")
    changed = declared.replace("good for which product.\n        config: *required", "good for which product.")
    assert changed != declared
    definition = tmp_path / "_sources.yml"
    definition.write_text(changed, encoding="utf-8")
    monkeypatch.setattr(layers, "RAW_SOURCES", definition)
    on_raw.sql("drop table raw.pos_coupons", role="ingress")
    return on_raw


def test_what_reads_a_table_that_is_not_loaded_is_left_out(without_coupons: Platform) -> None:
    """The rest is built; what is left out is named on screen and in the ledger, with the table that it lacks."""
    done = without_coupons.transform(
        "build", "core", "--select", "stg_pos__coupons", "stg_pos__demographics", *NO_TESTS
    )
    assert done.code == 0, done.err
    assert "left out: raw.pos_coupons: not loaded" in done.err
    assert "left out: staging.stg_pos__coupons: `raw.pos_coupons` is not loaded" in done.err
    with without_coupons.open() as warehouse:
        assert warehouse.tables("staging") == ["stg_pos__demographics"]
        left_out = [entry["relation"] for entry in history.left_out(warehouse)]
    assert left_out == ["raw.pos_coupons", "staging.stg_pos__coupons"]


def test_what_is_selected_and_cannot_be_built_is_a_mistake(without_coupons: Platform) -> None:
    """Where all that is selected reads a table that is not loaded, the table and the command are named."""
    done = without_coupons.transform("build", "core", "--select", "stg_pos__coupons")
    assert done.code == 2
    assert "error: not loaded: `raw.pos_coupons`, which all that is selected reads" in done.err
    assert "hint: run `./pixiw run ingest` first" in done.err


def test_a_table_that_is_read_as_empty_is_named(on_core: Platform) -> None:
    """What is built without a table, as if that had no rows, is built, and the table is named."""
    assert "left out: raw.erp_articles: not loaded, read as empty" in on_core.told
    with on_core.open() as warehouse:
        assert "raw.erp_articles" in {entry["relation"] for entry in history.left_out(warehouse)}


def test_tables_read_as_empty_are_those_that_the_models_read_so() -> None:
    """The declaration and the models' `source_or_empty` name the same tables, or a build would fail without one."""
    declared = {table.relation for table in layers.source_tables(layers.RAW_SOURCES) if table.read_as_empty}
    models = [path.read_text(encoding="utf-8") for path in layers.PROJECT_DIR.glob("models/**/*.sql")]
    assert declared == {f"raw.{name}" for text in models for name in READ_AS_EMPTY.findall(text)}


def test_tables_of_a_source_may_be_declared_beside_its_models(tmp_path: Path) -> None:
    """Every file of sources below the folder counts, as those that `new-source` writes."""
    (tmp_path / "shop").mkdir()
    for path, table in (("_raw__sources.yml", "erp_articles"), ("shop/_shop__sources.yml", "shop_orders")):
        (tmp_path / path).write_text(f"sources: [{{name: raw, schema: raw, tables: [{{name: {table}}}]}}]")
    found = [table.relation for table in layers.source_tables(tmp_path)]
    assert found == ["raw.erp_articles", "raw.shop_orders"]
