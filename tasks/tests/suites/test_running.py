"""Running suites side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.errors import UserError
from tasks.suites.listed import Suite, named_suites
from tasks.suites.running import run_suites

ROOT = Path(__file__).parents[3]
# Stands in for pixiw: `run -e ENVIRONMENT TASK …`, of which the task is a line of shell.
RUNNER = '#!/bin/sh\nshift 3\neval "$1"\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a workspace whose runner runs a line of shell."""
    (tmp_path / "pixiw").write_text(RUNNER)
    (tmp_path / "pixiw").chmod(0o755)
    monkeypatch.delenv("PIXI_EXE", raising=False)
    return tmp_path


def suites(*lines: str) -> list[Suite]:
    """Return a suite for each line of shell."""
    return [Suite(line, f"e{number}", "") for number, line in enumerate(lines)]


def test_sums_up_and_shows_what_failed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each suite ends in a line with pytest's sum; what a failed one printed is shown, of the others nothing."""
    lines = ("echo good; echo '== 2 passed in 1s =='", "echo bad; echo '== 1 failed in 1s =='; exit 1", "exit 5")
    outcomes = run_suites(suites(*lines), root, (), 1)
    assert [outcome.passed for outcome in outcomes] == [True, False, True]
    printed = capsys.readouterr().out
    assert "bad\n" in printed
    assert "\ngood" not in printed
    assert "✗ echo bad" in printed
    assert ": 1 failed in 1s, " in printed
    assert ": no tests, " in printed


def test_side_by_side(root: Path) -> None:
    """As many run at once as are asked for: two that wait for one another both end."""
    wait = "n=0; until [ -e {} ]; do sleep 0.02; n=$((n+1)); [ $n -lt 1500 ] || exit 1; done"
    lines = [f"touch one; {wait.format('two')}", f"touch two; {wait.format('one')}"]
    assert all(outcome.passed for outcome in run_suites(suites(*lines), root, (), 2))


def test_ctrl_c_ends_the_suites(root: Path) -> None:
    """After Ctrl-C no suite is left running."""
    code = f"""
import sys
from pathlib import Path
from tasks.suites.listed import Suite
from tasks.suites.running import run_suites
run_suites([Suite("echo $$ > pid; exec sleep 600", "e", "")], Path({str(root)!r}), (), 1)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not (root / "pid").exists() or not (root / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int((root / "pid").read_text()), 0)


def test_unknown_suite_is_the_users_mistake() -> None:
    """A name that is no suite is refused with the nearest one; `test-` before a name may be left out."""
    known = [Suite("test-ingress", "ingress", ""), Suite("test-egress", "egress", "")]
    assert named_suites(known, ["ingress"]) == named_suites(known, ["test-ingress"]) == known[:1]
    with pytest.raises(UserError, match="no such suite: `ingres`") as raised:
        named_suites(known, ["ingres"])
    assert "ingress" in (raised.value.hint or "")
