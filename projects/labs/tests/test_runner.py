"""The runner: steps of a lab, what stays when one fails, and dbt by hand."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from built_labs import dbt_here
from conftest import Labs, RunLab, gold, make_lab

from shared.config import get_settings
from shared.config.labs import Lab
from shared.dbt.environment import environment_set
from shared.testing.collector import serving_collector
from shared.warehouse.fingerprint import schema_fingerprints
from shared.warehouse.lab_database import open_lab

BROKEN = "select 1 / 0 as x, error('broken on purpose') as y"
# Long enough to be killed in, on any machine: the sum cannot be had from statistics.
SLOW = "select sum(hash(a.range + b.range)) as x from range(4000000) as a, range(100000) as b"


def add_gold(lab: Lab, sql: str) -> None:
    """Give a lab one more gold model."""
    (lab.folder / "models" / "gold" / "another.sql").write_text(f"{sql}\n")


def test_all_steps_make_gold(labs: Labs, stores: Lab, tmp_path: Path) -> None:
    """A bare `lab NAME` loads, builds, tests and inspects; the report and the ledger say so."""
    assert labs("stores_lab", "--report", str(tmp_path / "report.json")) == 0
    assert gold(stores) == [("slv_stores", 2)]
    report = json.loads((tmp_path / "report.json").read_text())
    assert list(report["steps"]) == ["load", "transform", "test", "inspect"]
    assert report["rows"] == {"raw.stores": 2, "bronze.brz_stores": 2, "silver.slv_stores": 2, "gold.overview": 1}
    assert report["error"] is None
    with open_lab(stores, get_settings(), holder="test") as database:
        steps = database.fetch("select step, status from ops.run order by sequence")
    assert steps == [(step, "succeeded") for step in ("load", "transform", "test", "inspect")]


def test_collector_is_told_of_every_step(labs: Labs, run_lab: RunLab, stores: Lab) -> None:
    """A collector of lineage hears which file, view and table each relation of a lab is made from."""
    with serving_collector() as collector:
        run_lab("stores_lab", OPENLINEAGE_URL=collector.url)
    for step in ("load", "transform", "test", "inspect"):
        assert collector.states(f"stores_lab.{step}") == ["START", "COMPLETE"]
    made = {
        job: [dataset["name"].rpartition("/")[2] for dataset in collector.last(f"stores_lab.{job}")["inputs"]]
        for job in ("load.raw.stores", "transform.bronze.brz_stores", "transform.gold.overview")
    }
    database = stores.database.stem
    assert made == {
        "load.raw.stores": ["stores.csv"],
        "transform.bronze.brz_stores": [f"{database}.raw.stores"],
        "transform.gold.overview": [f"{database}.silver.slv_stores"],
    }


def test_new_rows_arrive_in_gold(labs: Labs, built: Lab) -> None:
    """A run after the file has changed builds on the new rows."""
    with (built.raw_dir / "stores.csv").open("a") as file:
        file.write("S3,2022-01-01,1.00\n")
    assert labs("stores_lab", "load", "transform") == 0
    assert gold(built) == [("slv_stores", 3)]


def test_failing_model_leaves_everything_as_it_was(labs: Labs, built: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    """Where a model fails half way, all layers keep their last good state, and the command says which one failed."""
    silver = built.folder / "models" / "silver" / "slv_stores.sql"
    silver.write_text(silver.read_text() + "where store <> 'S1'\n")
    add_gold(built, BROKEN)
    capfd.readouterr()
    assert labs("stores_lab", "transform") == 1
    said = capfd.readouterr().err
    assert "gold.another" in said
    assert "broken on purpose" in said
    assert "hint:" in said
    assert gold(built) == [("slv_stores", 2)]
    with open_lab(built, get_settings(), holder="test") as database:
        assert database.row_count("silver.slv_stores") == 2
        assert database.fetch("select status from ops.run order by sequence desc limit 1") == [("failed",)]
    assert not built.work_database.parent.exists()


def test_failing_test_leaves_everything_as_it_was(labs: Labs, built: Lab) -> None:
    """Rows that break a data test do not reach silver or gold."""
    with (built.raw_dir / "stores.csv").open("a") as file:
        file.write("S2,2022-01-01,1.00\n")
    assert labs("stores_lab", "load", "transform") == 1
    assert gold(built) == [("slv_stores", 2)]


def test_killed_build_is_made_good_by_the_next(labs: Labs, built: Lab) -> None:
    """A build killed with SIGKILL leaves the database as it was; the next run ends as if nothing had been."""
    add_gold(built, SLOW)
    child = subprocess.Popen([sys.executable, "-m", "labs", "stores_lab", "transform"], cwd=built.folder)
    deadline = time.monotonic() + 120
    log = Path(os.environ["DATA_DIR"]) / "logs" / "labs" / "stores_lab" / "dbt.log"
    while "gold.another" not in (log.read_text() if log.exists() else "") and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert gold(built) == [("slv_stores", 2)]
    add_gold(built, "select 1 as x")
    assert labs("stores_lab", "transform") == 0
    with open_lab(built, get_settings(), holder="test") as database:
        assert database.fetch("select status from ops.run order by sequence") == [
            ("succeeded",),
            ("succeeded",),
            ("interrupted",),
            ("succeeded",),
        ]


def test_deleted_database_is_made_anew(labs: Labs, built: Lab) -> None:
    """Without its database a lab loads its unchanged files again."""
    built.database.unlink()
    assert labs("stores_lab", "load", "transform") == 0
    assert gold(built) == [("slv_stores", 2)]


def test_wrong_database_is_refused(labs: Labs, stores: Lab, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A damaged database, or another lab's, is refused with a hint and left as it is."""
    other = make_lab(labs, tmp_path, "other_lab")
    assert labs("stores_lab", "load") == 0
    other.database.parent.mkdir(exist_ok=True)
    shutil.copyfile(stores.database, other.database)
    capfd.readouterr()
    assert labs("other_lab", "load") == 2
    assert "expected the database of `other_lab`, found that of `stores_lab`" in capfd.readouterr().err
    other.database.write_text("damaged")
    assert labs("other_lab", "load") == 2
    assert other.database.read_text() == "damaged"


def test_same_lab_waits_or_fails_by_name(
    labs: Labs, run_lab: RunLab, stores: Lab, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A lab in use makes a second run fail with the holder's name once its time is up; another lab runs."""
    make_lab(labs, tmp_path, "other_lab")
    with open_lab(stores, get_settings(), holder="somebody at work", mode="write"):
        failed = run_lab("stores_lab", "load", expect=1, WAREHOUSE_LOCK_TIMEOUT="0")
        assert "`stores_lab.duckdb` is in use: `somebody at work`" in failed.stderr
        assert labs("status") == 0
        assert "in use: `somebody at work`" in capfd.readouterr().out
        with environment_set({"WAREHOUSE_LOCK_TIMEOUT": "0"}):
            assert labs("other_lab", "load") == 0
    assert labs("stores_lab", "load") == 0


def test_dbt_by_hand_hits_the_labs_database(labs: Labs, stores: Lab, tmp_path: Path) -> None:
    """dbt called by hand builds in the lab's own database, wherever it is called from."""
    assert labs("stores_lab", "load") == 0
    dbt = str(Path(sys.executable).with_name("dbt"))
    command = [dbt, "run", "--project-dir", str(stores.folder), "--profiles-dir", str(stores.folder)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert gold(stores) == [("slv_stores", 2)]
    assert not list(tmp_path.glob("*.duckdb"))


def test_dbt_by_hand_is_refused_elsewhere(labs: Labs, stores: Lab, tmp_path: Path) -> None:
    """A profile that names another database, or the runner's variable set by hand, is refused with a message."""
    assert labs("stores_lab", "load") == 0
    code, said = dbt_here(stores.folder, "run", LAB_DATABASE=str(tmp_path / "elsewhere.duckdb"))
    assert code != 0
    assert "not a database of lab `stores_lab`" in said
    profile = stores.folder / "profiles.yml"
    profile.write_text(profile.read_text().replace("path: stores_lab.duckdb", "path: /tmp/elsewhere.duckdb"))
    code, said = dbt_here(stores.folder, "run")
    assert code != 0
    assert "the profile names another database than the registry: `/tmp/elsewhere.duckdb`" in said
    assert labs("stores_lab", "check") == 2
    assert not (tmp_path / "elsewhere.duckdb").exists()


def test_dbt_by_hand_without_the_plugin_is_refused(labs: Labs, stores: Lab, tmp_path: Path) -> None:
    """Even without the plugin dbt stops at a database that is another lab's, before it writes."""
    other = make_lab(labs, tmp_path, "other_lab")
    assert labs("stores_lab", "load") == 0
    assert labs("other_lab", "load") == 0
    with open_lab(other, get_settings(), holder="test") as database:
        before = schema_fingerprints(database, "raw")
    (stores.folder / "profiles.yml").write_text(
        f"stores_lab: {{target: x, outputs: {{x: {{type: duckdb, path: {other.database}, schema: bronze}}}}}}\n"
    )
    code, said = dbt_here(stores.folder, "run")
    assert code != 0
    assert "expected the database of `stores_lab`, found that of `other_lab`" in said
    with open_lab(other, get_settings(), holder="test") as database:
        assert schema_fingerprints(database, "raw") == before
        assert database.tables("gold") == []


def test_dbt_by_hand_waits_its_turn(labs: Labs, stores: Lab) -> None:
    """dbt called by hand takes the lab's lock: while somebody works in the lab, it fails by name."""
    assert labs("stores_lab", "load") == 0
    with open_lab(stores, get_settings(), holder="somebody at work", mode="write"):
        code, said = dbt_here(stores.folder, "run", WAREHOUSE_LOCK_TIMEOUT="0")
    assert code != 0
    assert "in use: `somebody at work`" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("stores_la",), "no such lab: `stores_la`"),
        (("stores_lab", "lode"), "no such step: `lode`"),
        (("all", "--jobs", "0"), "not a number of labs: `0`"),
        (("list", "stores_lab"), "`list` takes no argument: `stores_lab`"),
        ((), "the following arguments are required: NAME"),
    ],
)
def test_mistakes_of_the_command_line(
    labs: Labs, stores: Lab, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    """Each mistake exits 2 with an error and a hint."""
    assert labs(*arguments) == 2
    said = capfd.readouterr().err
    assert f"error: {message}" in said
    assert "hint:" in said


def test_check_names_files_that_do_not_belong(labs: Labs, stores: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    """`check` runs nothing: it tells the files of each raw table, and those that belong to none."""
    (stores.raw_dir / "stray.csv").write_text("a\n")
    assert labs("stores_lab", "check") == 0
    said = capfd.readouterr().err
    assert "stores: 1 files, 3 columns" in said
    assert "stray.csv: belongs to no raw table" in said
    assert not stores.database.exists()


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        ("dbt_project.yml", "name: stores_lab", "name: other", "`name` in dbt_project.yml is not the lab's: `other`"),
        ("dbt_project.yml", "check_lab()", "1", "does not call `check_lab()` on-run-start"),
        ("profiles.yml", "stores_lab:\n", "other:\n", "profiles.yml has no profile `stores_lab`"),
        ("profiles.yml", "config: {lab: stores_lab}", "config: {lab: x}", "lacks the plugin `labs.dbt_plugin`"),
        ("profiles.yml", "target: lab", "target: [", "not readable as YAML"),
    ],
)
def test_project_that_is_not_the_labs_is_told(
    labs: Labs, stores: Lab, capfd: pytest.CaptureFixture[str], file: str, before: str, after: str, message: str
) -> None:
    """A dbt project or profile that does not fit the registry is the user's mistake, before anything runs."""
    path = stores.folder / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    assert labs("stores_lab", "load") == 2
    assert message in capfd.readouterr().err
    assert not stores.database.exists()


def test_failure_and_recovery_are_told_once(
    labs: Labs, stores: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that fails alerts the first time, and once more when it works again."""
    alerts = tmp_path / "alerts.jsonl"
    monkeypatch.setenv("ALERT_FILE", str(alerts))
    raw = stores.raw_dir / "stores.csv"
    raw.rename(tmp_path / "away.csv")
    assert labs("stores_lab", "load") == 2
    assert labs("stores_lab", "load") == 2
    (tmp_path / "away.csv").rename(raw)
    assert labs("stores_lab", "load") == 0
    assert labs("stores_lab", "load") == 0
    told = [json.loads(line) for line in alerts.read_text().splitlines()]
    assert [(alert["kind"], alert["subject"]) for alert in told] == [
        ("failed", "lab stores_lab: load"),
        ("recovered", "lab stores_lab: load"),
    ]


def test_expectations_are_checked_and_scored(
    labs: Labs, stores: Lab, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`test` checks the lab's suite: a failed check fails the step, its rows and the score are kept, gold stays."""
    assert labs("stores_lab", "load", "transform", "test", "--report", str(tmp_path / "good.json")) == 0
    assert json.loads((tmp_path / "good.json").read_text())["score"] == 100
    suite = stores.folder / "expectations.yml"
    suite.write_text(
        "version: 1\ntables:\n  silver.slv_stores:\n    key: [store]\n    expect:\n"
        "      - in_range: {column: area, maximum: 15}\n"
    )
    capfd.readouterr()
    assert labs("stores_lab", "test", "--report", str(tmp_path / "bad.json")) == 1
    assert "1 expectations of lab `stores_lab` failed" in capfd.readouterr().err
    assert json.loads((tmp_path / "bad.json").read_text())["score"] == 50
    with open_lab(stores, get_settings(), holder="test") as database:
        ((row,),) = database.fetch("select row_key from ops.expectation_row")
        assert json.loads(row) == {"store": "S2"}
    assert gold(stores) == [("slv_stores", 2)]
    suite.write_text("version: 1\ntables:\n  silver.slv_stores:\n    expect: [not_nul: {columns: [store]}]\n")
    assert labs("stores_lab", "test") == 2
    assert "not_null" in capfd.readouterr().err
