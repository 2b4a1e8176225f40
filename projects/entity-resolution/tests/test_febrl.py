"""The real persons of the demo data."""

from __future__ import annotations

import json

import pyarrow as pa
from conftest import Finished, Platform, training_alone

from entity_resolution.engine import master
from entity_resolution.engine.golden import overrides
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from shared.warehouse import open_warehouse

Resolved = tuple[Platform, Finished]


def test_quality_without_social_security_number(resolved: Resolved) -> None:
    """CRM and loyalty are linked with an F1 of at least 0.998, measured over all pairs of the clusters."""
    platform, finished = resolved
    measures = platform.measures()
    assert measures["f1"] >= 0.998
    assert measures["precision"] >= 0.999
    assert measures["pairs_right"] + measures["pairs_missed"] == 5000
    assert f"f1 {measures['f1']:.4f}" in finished.out


def test_measures_are_metrics_of_the_run(resolved: Resolved) -> None:
    """The run ledger holds the measures and the rows of both tables."""
    platform, _ = resolved
    metrics = dict(platform.fetch("select name, value from ops.run_metric join ops.run using (run_id)"))
    assert metrics == platform.measures()
    outputs = dict(platform.fetch("select relation, row_count from ops.run_output"))
    ((values,),) = platform.fetch("select count(*) from master.customer_provenance")
    assert outputs == {
        "master.customer_xref": 10000,
        "master.golden_customer": metrics["entities"],
        "master.customer_provenance": values,
    }


def test_every_party_has_one_entity_and_every_entity_a_golden_record(resolved: Resolved) -> None:
    """No party is lost or doubled on the way to the golden records."""
    platform, _ = resolved
    parties = platform.fetch(
        "select count(distinct party_id) from master.customer_xref join core.dim_customer using (party_id)"
    )
    assert parties == [(10000,)]
    assert platform.fetch("select sum(party_count) from master.golden_customer") == [(10000,)]
    assert platform.fetch(
        "select count(*) from master.customer_xref left join master.golden_customer using (entity_id) "
        "where party_count is null"
    ) == [(0,)]


def test_warehouse_keeps_no_table_of_splink(resolved: Resolved) -> None:
    """Splink works elsewhere and leaves nothing behind in the warehouse."""
    platform, _ = resolved
    with open_warehouse(platform.settings, holder="test") as warehouse:
        tables = {schema: warehouse.tables(schema) for schema in warehouse.schemas()}
    made = {*master.tables(CUSTOMER), *master.SHARED, overrides.TABLE}
    assert {f"master.{table}" for table in tables["master"]} == made
    assert not tables.get("splink")
    assert not [name for names in tables.values() for name in names if "splink" in name or "parties" in name]


def test_screen_shows_steps_and_the_log_has_the_rest(resolved: Resolved) -> None:
    """What Splink says goes into the log; the user sees each step with its seconds."""
    platform, finished = resolved
    steps = [line.split("✓")[1].rpartition("(")[0].strip() for line in finished.err.splitlines() if "✓" in line]
    assert steps == ["read parties", "start Splink", "train", "link", "choose golden records", "write master"]
    assert "Warning" not in finished.err
    events = [
        json.loads(line) for log in (platform.data_dir / "logs").iterdir() for line in log.read_text().splitlines()
    ]
    assert any(event["event"] == "splink" and "u probabilities" in event["message"] for event in events)


@training_alone
def test_training_is_reproducible(platform: Platform, resolved_sample: Platform, sample: pa.Table) -> None:
    """The same parties give the same model, byte by byte, in whatever order they come."""
    platform.put(sample.take(list(reversed(range(sample.num_rows)))))
    assert platform.run("train").code == 0
    first, second = ((each.model_folder / "model-1.json").read_text() for each in (resolved_sample, platform))
    assert first == second
