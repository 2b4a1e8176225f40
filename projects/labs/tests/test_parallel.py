"""All labs at once: one report, and none of them harmed by another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Labs, RunLab, gold, kept_once, make_labs

from shared.config import get_settings
from shared.config.labs import Lab, find_lab
from shared.warehouse.fingerprint import schema_fingerprints
from shared.warehouse.lab_database import open_lab

pytestmark = pytest.mark.timeout(900)
NAMES = ("lab_a", "lab_b", "lab_c")
SLOW = "select sum(hash(a.range + b.range)) as x from range(4000000) as a, range(100000) as b"


@pytest.fixture
def three(labs_dir: Path, labs: Labs, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lab]:
    """Register three labs and no others."""
    kept = tmp_path_factory.getbasetemp() / "three"
    kept_once(kept, labs_dir, lambda: make_labs(labs, labs_dir, tmp_path, *NAMES))
    return {name: find_lab(name) for name in NAMES}


def contents(lab: Lab) -> dict[str, object]:
    """Return the fingerprints of all tables of a lab's layers."""
    with open_lab(lab, get_settings(), holder="test") as database:
        return {layer: schema_fingerprints(database, layer) for layer in ("raw", "bronze", "silver", "gold")}


def child_of(parent: int, word: str) -> int:
    """Return the process id of the parent's child that has a word on its command line."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(stat[1]) == parent and word in (entry / "cmdline").read_text().split("\0"):
                    return int(entry.name)
            except OSError:
                continue
        time.sleep(0.02)
    raise AssertionError(f"no process of {word}")


def test_labs_at_once_are_as_one_after_the_other(labs: Labs, three: dict[str, Lab]) -> None:
    """Three labs at once, one of them killed: the others end as when run alone, and the report names the dead one."""
    others = ("lab_a", "lab_c")
    for name in others:
        assert labs(name, "load", "transform") == 0
    alone = {name: contents(three[name]) for name in others}
    for name in others:
        three[name].database.unlink()
    (three["lab_b"].folder / "models" / "gold" / "slow.sql").write_text(SLOW)
    command = [sys.executable, "-m", "labs", "all", "load", "transform", "--jobs", "3"]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    victim = child_of(runner.pid, "lab_b")
    log = Path(os.environ["DATA_DIR"]) / "logs" / "labs" / "lab_b" / "dbt.log"
    deadline = time.monotonic() + 120
    while "gold.slow" not in (log.read_text() if log.exists() else "") and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(victim, signal.SIGKILL)
    output, said = runner.communicate(timeout=300)
    assert runner.returncode == 1
    assert "1 of 3 labs failed: `lab_b`" in said
    assert "SIGKILL" in output
    assert {name: contents(three[name]) for name in others} == alone


def test_failing_lab_does_not_stop_the_others(
    labs: Labs, three: dict[str, Lab], capfd: pytest.CaptureFixture[str]
) -> None:
    """Where one lab fails, the others run to their end; the command exits 1 and the report has a line for each."""
    (three["lab_a"].raw_dir / "stores.csv").unlink()
    assert labs("all", "load") == 1
    printed = capfd.readouterr()
    assert "no file for the raw table `stores`" in printed.out
    assert [line.split()[1] for line in printed.out.splitlines() if line.startswith("lab_")] == [
        "failed:",
        "done",
        "done",
    ]
    assert three["lab_b"].database.exists()


def test_ending_the_runner_ends_its_labs(labs: Labs, three: dict[str, Lab]) -> None:
    """Told to end, the runner leaves no process behind and every lab as it was."""
    assert labs("lab_b", "load", "transform") == 0
    (three["lab_b"].folder / "models" / "gold" / "slow.sql").write_text(SLOW)
    runner = subprocess.Popen([sys.executable, "-m", "labs", "all", "transform", "--jobs", "3"], start_new_session=True)
    victim = child_of(runner.pid, "lab_b")
    runner.terminate()
    assert runner.wait(60) == 130
    assert not Path(f"/proc/{victim}").exists()
    assert gold(three["lab_b"]) == [("slv_stores", 2)]


def test_environment_that_is_not_installed_is_told(run_lab: RunLab, three: dict[str, Lab], labs_dir: Path) -> None:
    """A lab whose environment is not there fails with the command that installs it; the others run."""
    registry = labs_dir / "labs_config.yaml"
    head, _, tail = registry.read_text().partition("  lab_b:")
    registry.write_text(f"{head}  lab_b:{tail.replace('environment: labs', 'environment: nowhere', 1)}")
    done = run_lab("all", "load", expect=1)
    assert "1 of 3 labs failed: `lab_b`" in done.stderr
    assert "nowhere" in done.stdout
