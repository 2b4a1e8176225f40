"""Looking before anything is written: what a run, or another model, would change."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from conftest import Platform, training_alone

LAST = "from master.customer_event where revision = (select max(revision) from master.customer_event)"
CUSTOMER = ("--entity", "customer")
TABLES = "select count(*) from information_schema.tables where table_schema = 'master'"


def counts(told: str) -> dict[str, int]:
    """Return how many entities a preview names by event."""
    lines = [line.strip().partition(": ") for line in told.splitlines() if line.startswith("  ") and line[2] != " "]
    return {event: int(number) for event, _, number in lines}


def test_dry_run(changed: Platform) -> None:
    """It tells what the next run then does, with ids, and changes nothing in master; once done nothing would change."""
    before = changed.master()
    finished = changed.run("run", "--dry-run", *CUSTOMER)
    assert finished.code == 0, finished.err
    assert changed.master() == before
    assert changed.fetch("select step, status from ops.run order by sequence desc limit 1") == [
        ("preview", "succeeded")
    ]
    assert changed.resolve().err.count("nothing new") == 0
    happened = changed.fetch(f"select event, count(*) {LAST} group by event")
    assert counts(finished.out) == dict(happened) != {}
    ((largest,),) = changed.fetch(
        f"select entity_id {LAST} and event = 'created' order by records_after desc, entity_id limit 1"
    )
    assert f"{largest}: " in finished.out
    (entities,) = changed.fetch("select count(*) from master.golden_customer")[0]
    nothing = changed.run("run", "--dry-run", *CUSTOMER)
    assert nothing.code == 0, nothing.err
    assert nothing.out == f"customer: nothing would change, {entities} entities\n"


def test_dry_run_of_little(again: Platform, sample: pa.Table) -> None:
    """Where little has changed only that is linked, as the next run does, and told of all entities."""
    again.put(sample.slice(1))
    finished = again.run("run", "--dry-run", *CUSTOMER)
    assert "0 of 399 records are new or changed, 1 are gone" in finished.err
    assert again.resolve().err.count("nothing new") == 0
    (entities,) = again.fetch("select count(*) from master.golden_customer")[0]
    assert finished.out.startswith(f"customer: {entities} entities; of the pairs of records 198 stay together, 0 would")
    assert counts(finished.out) == dict(again.fetch(f"select event, count(*) {LAST} group by event"))


def test_dry_run_before_the_first(platform: Platform, sample: pa.Table) -> None:
    """Where nothing was ever resolved all would be created, no table is made for it, and a model must be there."""
    platform.put(sample.slice(0, 40))
    finished = platform.run("run", "--dry-run", *CUSTOMER)
    assert (finished.code, "error: there is no model of `customer` yet" in finished.err) == (2, True)
    assert platform.run("train", *CUSTOMER).code == 0
    finished = platform.run("predict", "--dry-run", *CUSTOMER)
    assert counts(finished.out).keys() == {"created"}
    assert "warning: a run would train a new model first" in finished.err
    assert platform.fetch(TABLES) == [(0,)]


def test_model_diff(again: Platform) -> None:
    """One model in place of another is told by the entities that it would merge or split, and master stays as it is."""
    model = again.model_folder / "model-1.json"
    doubtful = json.loads(model.read_text())
    doubtful["settings"]["probability_two_random_records_match"] = 1e-18
    model.with_name("model-2.json").write_text(json.dumps(doubtful))
    before = again.master()
    apart, together = (again.run("model", "diff", *names, *CUSTOMER) for names in (("1", "2"), ("2", "1")))
    parted, joined = counts(apart.out), counts(together.out)
    assert parted.keys() == {"created", "split"}
    assert "merged" in joined
    assert again.master() == before
    (again.model_folder / "current").write_text("model-2.json")
    again.resolve()
    happened = again.fetch(f"select event, count(*) {LAST} group by event")
    assert parted == dict(happened)


@training_alone
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model", "diff", "1", "9"], "there is no model of this name: `9`"),
        (["model", "diff", "../../secrets", "1"], "there is no model of this name: `../../secrets`"),
        (["run", "--dry-run", "--retrain"], "argument --dry-run: not with --sweep or --retrain"),
    ],
)
def test_what_cannot_be_looked_at(resolved_sample: Platform, arguments: list[str], message: str) -> None:
    """A model that is not there, and what a look cannot do, are the user's mistakes."""
    finished = resolved_sample.run(*arguments, *CUSTOMER)
    assert (finished.code, f"error: {message}" in finished.err, "hint: " in finished.err) == (2, True, True)
