"""Running again: nothing is done twice, nothing new is missed, and a killed run leaves no trace."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from conftest import Master, Platform, training_alone

from shared.warehouse import open_warehouse

NOTHING_NEW = "nothing new"
LEAST_PRIORITY = 19


def test_second_run_does_nothing(again: Platform) -> None:
    """With the same parties, model and settings a run says so, writes nothing, and still shows the figures."""
    counted = "select status, count(*) from ops.run group by 1"
    before, runs = again.fetch("select distinct run_id from master.customer_xref"), dict(again.fetch(counted))
    second = again.resolve()
    assert NOTHING_NEW in second.err
    assert "link" not in second.err
    assert "customer entities: 20" in second.out
    assert again.fetch("select distinct run_id from master.customer_xref") == before
    assert dict(again.fetch(counted)) == {**runs, "succeeded": runs["succeeded"] + 1}


def test_full_does_it_again_with_the_same_result(again: Platform) -> None:
    """`--full` links everything again and comes to the same entities."""
    before = again.master()
    assert NOTHING_NEW not in again.resolve("--full").err
    assert again.master() == before


def test_result_does_not_depend_on_row_order(again: Platform, sample: pa.Table) -> None:
    """Parties that come in another order are nothing new."""
    again.put(sample.take(list(reversed(range(sample.num_rows)))))
    assert NOTHING_NEW in again.resolve().err


def test_changed_party_is_picked_up(again: Platform, sample: pa.Table) -> None:
    """A corrected name reaches the golden record; the entity keeps its id."""
    is_first = pc.equal(sample["party_id"], sample["party_id"][0])
    names = pc.if_else(is_first, "philomena", sample["given_name"])
    party_id = sample["party_id"][0].as_py()
    ids = again.fetch("select party_id, entity_id from master.customer_xref order by 1")
    again.put(sample.set_column(3, "given_name", names)).resolve()
    golden = again.fetch(
        "select given_name from master.golden_customer join master.customer_xref using (entity_id) "
        f"where party_id = '{party_id}'"
    )
    assert golden == [("philomena",)]
    assert again.fetch("select party_id, entity_id from master.customer_xref order by 1") == ids


def test_removed_and_new_parties_are_picked_up(again: Platform, febrl: pa.Table) -> None:
    """Master holds the parties of core as they are now, neither those that left nor without those that came."""
    again.put(febrl.slice(100, 400)).resolve()
    assert again.fetch("select count(*) from master.customer_xref join core.dim_customer using (party_id)") == [(400,)]
    assert again.fetch("select count(*) from master.customer_xref") == [(400,)]


@pytest.mark.parametrize(
    "change",
    [
        lambda platform, truth: platform.environment.update(ENTITY_MATCH_THRESHOLD="0.9"),
        lambda platform, truth: platform.environment.update(ENTITY_TRUTH=str(truth)),
        lambda platform, truth: (platform.model_folder / "current").write_text(another_model(platform)),
        lambda platform, truth: delete(platform, "master.golden_customer"),
        lambda platform, truth: delete(platform, "master.customer_xref"),
        lambda platform, truth: execute(platform, "update master.golden_customer set surname = 'else'"),
        lambda platform, truth: execute(platform, "drop table master.customer_provenance"),
        lambda platform, truth: execute(platform, "delete from master.resolution_quality"),
        lambda platform, truth: execute(platform, "delete from master.resolution_size"),
        lambda platform, truth: execute(platform, "update ops.run set status = 'failed'"),
    ],
    ids=[
        "threshold",
        "truth",
        "model",
        "golden records lost",
        "xref lost",
        "other values",
        "without provenance",
        "no measures",
        "no sizes",
        "failed",
    ],
)
def test_whatever_else_changes_is_new(again: Platform, truth: Path, change: Callable[[Platform, Path], None]) -> None:
    """Another setting or model, a truth that was not there before, or other rows in master call for a new run."""
    change(again, truth)
    assert NOTHING_NEW not in again.resolve().err
    assert again.fetch("select sum(party_count) from master.golden_customer") == [(400,)]
    assert again.fetch("select count(*) from master.golden_customer where surname = 'else'") == [(0,)]
    assert NOTHING_NEW in again.resolve().err


def test_measuring_is_nothing_new(again: Platform, truth: Path) -> None:
    """What `evaluate` measures against a truth leaves the resolution what it is."""
    assert again.run("evaluate", "--truth", str(truth)).code == 0
    assert NOTHING_NEW in again.resolve().err


def test_resolution_of_an_earlier_version(again: Platform) -> None:
    """What an earlier version of the platform has resolved, without versions in the ledger, is resolved once more."""
    before = again.master()
    execute(again, "delete from ops.run_version")
    assert NOTHING_NEW not in again.resolve().err
    assert again.master() == before
    assert NOTHING_NEW in again.resolve().err


# Sums over several threads differ in their last digits.
@pytest.mark.all_cores
@training_alone
def test_retrain_on_the_same_parties_gives_the_same_model(again: Platform) -> None:
    """Training again on the same parties stores no second copy of the same model."""
    again.resolve("--retrain")
    assert sorted(path.name for path in again.model_folder.iterdir()) == ["current", "model-1.json"]


@training_alone
def test_retrain_on_other_parties_keeps_the_former_model(again: Platform, febrl: pa.Table) -> None:
    """A new model becomes the one in use, and the former one stays to go back to."""
    again.put(febrl.slice(0, 500)).resolve("--retrain")
    assert (again.model_folder / "current").read_text() == "model-2.json\n"
    assert again.fetch("select model from master.resolution_run") == [("model-2.json",)]
    (again.model_folder / "current").write_text("model-1.json")
    again.resolve()
    assert again.fetch("select model from master.resolution_run") == [("model-1.json",)]


# Killed after `start Splink` it is while it trains, below.
@pytest.mark.parametrize("last_step", ["read parties", "link", "choose golden records"])
def test_killed_run(undisturbed: Master, changed: Platform, last_step: str) -> None:
    """After `kill -9` at any step master is what it was before, and a rerun ends like an undisturbed run.

    History and events among it: there is no half change of an entity.
    """
    before = changed.master()
    kill_after(changed, last_step)
    assert changed.master() in (before, undisturbed)
    changed.resolve()
    assert changed.master() == undisturbed
    statuses = [status for (status,) in changed.fetch("select status from ops.run order by sequence")]
    assert statuses == ["succeeded", "succeeded", "interrupted", "succeeded"]


@training_alone
def test_killed_while_training(again: Platform, resolved_sample: Platform) -> None:
    """A run that is killed before its first model is stored leaves no model, and the rerun trains the same one."""
    model = again.model_folder / "model-1.json"
    before = model.read_text()
    shutil.rmtree(again.model_folder)
    kill_after(again, "start Splink", "run", "--full")
    again.resolve("--full")
    assert model.read_text() == before
    assert again.master() == resolved_sample.master()


def another_model(platform: Platform) -> str:
    """Write a model with a blank more than the one in use, and return its name."""
    model = platform.model_folder / "model-1.json"
    model.with_name("model-9.json").write_text(model.read_text() + " ")
    return "model-9.json"


def delete(platform: Platform, table: str) -> None:
    """Take a row out of a table behind the platform's back."""
    execute(platform, f"delete from {table} where entity_id = (select min(entity_id) from {table})")


def execute(platform: Platform, statement: str) -> None:
    """Change the warehouse behind the platform's back, on PostgreSQL as who may change everything."""
    settings = platform.settings
    if platform.database:
        settings = settings.model_copy(update={"warehouse_url": platform.database.admin_url})
    with open_warehouse(settings, holder="test", mode="write") as warehouse:
        warehouse.execute(statement)


def kill_after(platform: Platform, last_step: str, *arguments: str) -> None:
    """Start a run and kill it with `kill -9` as soon as it says that a step is done."""
    process = platform.start(*(arguments or ("run",)))
    # On a busy machine it must not be at its end before this process has its turn.
    os.setpriority(os.PRIO_PROCESS, process.pid, LEAST_PRIORITY)
    assert process.stderr is not None
    assert any(f"✓ {last_step}" in line for line in process.stderr)
    process.kill()
    assert process.wait() == -signal.SIGKILL
