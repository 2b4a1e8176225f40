"""Running a command beside a demo API, in real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from shared.command_line import command
from tasks.demo.serve import main
from tasks.tests.demo.client import ask
from tasks.tests.demo.conftest import ROOT, wait_until

PRINT_URL = "import os; print(os.environ['LOYALTY_API_URL'], flush=True)"
ASK = "import urllib.request; print(urllib.request.urlopen(os.environ['LOYALTY_API_URL'] + '/members').read().decode())"
# Says that it is there, then waits for the signal to be given on, which ends it with a code of its own.
WAIT = """
import signal, sys, time
def end(signum, frame):
    sys.exit(40 + signum)
for each in (signal.SIGTERM, signal.SIGINT):
    signal.signal(each, end)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a project whose data are three members."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/loyalty_members.json").write_text(json.dumps([{"member_id": f"L-{n}"} for n in range(3)]))
    return {**os.environ, "DATA_DIR": str(tmp_path), "PIXI_PROJECT_ROOT": str(ROOT)}


def serve(environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    """Start serve."""
    return subprocess.Popen(
        [sys.executable, "-m", "tasks.demo.serve", *words],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def is_gone(url: str) -> bool:
    """Tell whether nothing listens at an address any more."""
    try:
        ask(f"{url}/members")
    except OSError:
        return True
    return False


def read_line(process: subprocess.Popen[str]) -> str:
    """Return the next line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_command_reaches_the_api(environment: dict[str, str]) -> None:
    """The command finds the API under its variable, its exit code is serve's, and the API is gone afterwards."""
    code = f"{PRINT_URL}; {ASK}; raise SystemExit(7)"
    process = serve(environment, "loyalty", "--", sys.executable, "-c", code)
    out, err = process.communicate()
    url, answer = out.splitlines()
    assert (process.returncode, err) == (7, "")
    assert json.loads(answer)["total"] == 3
    assert is_gone(url)


def test_crm_keeps_what_it_gets(environment: dict[str, str], tmp_path: Path) -> None:
    """The CRM is served under CRM_API_URL and keeps its file in the data folder."""
    code = (
        "import os, urllib.request as u; u.urlopen(u.Request(os.environ['CRM_API_URL'] + '/customers/batch',"
        """ b'{"customers": [{"customer_id": "C-00001"}]}', {'Idempotency-Key': 'k'}))"""
    )
    assert serve(environment, "crm", "--", sys.executable, "-c", code).wait() == 0
    assert list(json.loads((tmp_path / "demo/crm_received.json").read_bytes())["customers"]) == ["C-00001"]


def test_command_that_dies_of_a_signal(environment: dict[str, str]) -> None:
    """A command that a signal ends gives the exit code a shell would give."""
    assert serve(environment, "loyalty", "--", "sh", "-c", "kill -9 $$").wait() == 137


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_signal_is_passed_on(environment: dict[str, str], signum: signal.Signals) -> None:
    """A signal to serve reaches the command, whose exit code counts, and the API is stopped."""
    process = serve(environment, "loyalty", "--", sys.executable, "-c", PRINT_URL + "\n" + WAIT)
    url = read_line(process)
    assert read_line(process) == "ready"
    process.send_signal(signum)
    assert process.wait() == 40 + signum
    assert is_gone(url)


def test_killed_serve_takes_the_api_along(environment: dict[str, str]) -> None:
    """When serve is killed outright the API notices and ends."""
    process = serve(environment, "loyalty")
    url = read_line(process)
    assert not is_gone(url)
    process.kill()
    process.wait()
    wait_until(lambda: is_gone(url), "the API ends")


def test_without_command_it_serves_until_interrupted(environment: dict[str, str]) -> None:
    """Without a command serve prints the address, answers, and Ctrl-C is its normal end."""
    process = serve(environment, "loyalty")
    url = read_line(process)
    assert ask(f"{url}/members")[1]["total"] == 3
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    assert is_gone(url)


def test_debug_belongs_to_the_command(environment: dict[str, str]) -> None:
    """What follows `--` reaches the command as it is, also --debug."""
    process = serve(environment, "loyalty", "--", "echo", "run", "--debug", "--", "x")
    assert process.communicate()[0] == "run --debug -- x\n"


@pytest.mark.parametrize("words", [[], ["shop"], ["loyalty", "crm"]])
def test_name_is_needed(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Without one of the two names serve says how it is called and exits 2."""
    assert command(partial(main, call=["true"]), words) == 2
    err = capfd.readouterr().err
    assert err.startswith("error: one name is needed")
    assert "hint: python -m tasks.demo.serve loyalty|crm" in err


def test_command_that_does_not_exist(environment: dict[str, str]) -> None:
    """A command that cannot be found is named, exit code 2."""
    process = serve(environment, "loyalty", "--", "no-such-command")
    _, err = process.communicate()
    assert (process.returncode, err.partition("\n")[0]) == (2, "error: cannot run: `no-such-command`")


def test_missing_data(environment: dict[str, str], tmp_path: Path) -> None:
    """Without the demo data the command is not run, and one error says what to do."""
    (tmp_path / "demo/loyalty_members.json").unlink()
    process = serve(environment, "loyalty", "--", "echo", "ran")
    out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert err.count("error:") == 1
    assert "hint: run the task demo-data" in err
