"""What a run tells Dagster, which stands here as the two variables and the file that Dagster Pipes works by."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dagster_pipes import encode_param

from shared.warehouse import Warehouse

SCRIPT = """
import subprocess, sys
from shared.command_line import command
from shared.config import get_settings
from shared.errors import InputError
from shared.monitoring import record_run
from shared.warehouse import open_warehouse

NESTED = "from shared.monitoring.pipes import tell_dagster; tell_dagster(lambda: {'from': 'nested'})"

def main(arguments):
    if arguments == ["starts another"]:
        return subprocess.run([sys.executable, "-c", NESTED]).returncode
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        for name in arguments[0].split(","):
            with record_run(warehouse, step="ingest", command=name) as run:
                run.output("raw.t", rows=3, detail={"path": get_settings().root})
                run.metric("f1", 0.5)
                if name == "leaves out":
                    run.leave_out("raw.u", "no file")
                run.check("unique: id", relation="raw.t", status="warned", severity="warn", failed_rows=2)
                if name == "fails":
                    raise InputError("no such column: `x`", hint="add it")
                if name == "nested":
                    subprocess.run([sys.executable, "-c", NESTED], check=True)

code = command(main)
if "dagster_pipes" in sys.modules:
    print("told Dagster")
sys.exit(code)
"""


def run(commands: str, messages: Path | None) -> subprocess.CompletedProcess[str]:
    """Record runs in a process of its own, with Dagster where there is a file for messages."""
    pipes = {}
    if messages:
        context = {"asset_keys": ["raw/t"], "extras": {}, "run_id": "1", "retry_number": 0, "job_name": "platform"}
        pipes = {
            "DAGSTER_PIPES_CONTEXT": encode_param({"data": context}),
            "DAGSTER_PIPES_MESSAGES": encode_param({"path": str(messages)}),
        }
    line = [sys.executable, "-c", SCRIPT, commands]
    return subprocess.run(line, env={**os.environ, **pipes}, capture_output=True, text=True, check=False)


def read(messages: Path) -> list[tuple[str, Any]]:
    """Return the method and the payload of each message."""
    lines = [json.loads(line) for line in messages.read_text().splitlines()]
    return [(line["method"], (line["params"] or {}).get("payload")) for line in lines]


def test_dagster_is_told_of_a_run(warehouse: Warehouse, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster gets the facts of a run with its outputs and metrics, and the channel is closed."""
    (project / "locks").mkdir()
    (project / "locks" / "ingress.txt").write_text("pyarrow==1\n")
    monkeypatch.setenv("PIXI_ENVIRONMENT_NAME", "ingress")
    warehouse.close()
    done = run("leaves out", project / "messages")
    assert (done.returncode, done.stdout, done.stderr) == (0, "told Dagster\n", "  left out: raw.u: no file\n")
    opened, told, closed = read(project / "messages")
    assert (opened[0], told[0], closed[0]) == ("opened", "report_custom_message", "closed")
    facts = told[1]["run"]
    assert len(facts.pop("id")) == 36
    assert facts.pop("seconds") >= 0
    size = facts.pop("database_bytes")
    assert size > 0 if warehouse.engine == "duckdb" else size is None
    assert facts == {
        "step": "ingest",
        "command": "leaves out",
        "status": "succeeded",
        "python_version": platform.python_version(),
        "environment": "ingress",
        "lock_sha256": hashlib.sha256(b"pyarrow==1\n").hexdigest(),
        "outputs": {"raw.t": {"rows": 3, "detail": {"path": str(project)}}},
        "left_out": {"raw.u": "no file"},
        "metrics": {"f1": 0.5},
        "checks": [
            {"name": "unique: id", "relation": "raw.t", "status": "warned", "severity": "warn", "failed_rows": 2}
        ],
    }


def test_dagster_is_told_of_every_run(project: Path) -> None:
    """A process that records several runs tells of each, also of one that fails, and then of the error."""
    assert run("load,fails", project / "messages").returncode == 2
    _, first, second, third, _ = read(project / "messages")
    assert [message[1]["run"]["status"] for message in (first, second)] == ["succeeded", "failed"]
    assert third[1] == {
        "error": {
            "message": "no such column: `x`",
            "hint": "add it",
            "code": "input",
            "retryable": False,
            "exit_code": 2,
        }
    }


def test_dagster_is_told_of_an_error_before_the_run(
    warehouse: Warehouse, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster gets the error of a command that fails before its run begins, and may try again where that can help."""
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0.1")
    done = run("load", project / "messages")
    assert done.returncode == 1
    opened, told, closed = read(project / "messages")
    assert (opened[0], closed[0]) == ("opened", "closed")
    error = told[1]["error"]
    assert f"error: {error['message']}\nhint: {error['hint']}\n" in done.stderr
    assert (error["code"], error["retryable"], error["exit_code"]) == ("warehouse_busy", True, 1)


def test_command_that_starts_another_leaves_it_the_channel(project: Path) -> None:
    """A command that only starts another one does not take Dagster's channel from it."""
    assert run("starts another", project / "messages").returncode == 0
    assert [payload for _, payload in read(project / "messages")][1:-1] == [{"from": "nested"}]


def test_child_does_not_end_the_messages(project: Path) -> None:
    """A process that the run starts does not write into the channel: its end would be the end of all messages."""
    assert run("nested", project / "messages").returncode == 0
    assert [method for method, _ in read(project / "messages")] == ["opened", "report_custom_message", "closed"]


def test_without_dagster_nothing_is_told(project: Path) -> None:
    """Without Dagster nothing is printed, and its library is not even loaded."""
    done = run("load", None)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    failed = run("fails", None)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr == "error: no such column: `x`\nhint: add it\n"


def test_dagster_that_cannot_be_told_stops_nothing(project: Path) -> None:
    """Where the messages cannot be written, the run succeeds, and the log says what went wrong."""
    done = run("load", project / "gone" / "messages")
    assert (done.returncode, done.stderr) == (0, "")
    (log,) = (project / "data" / "logs").glob("*.jsonl")
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["event"] for event in events][-2:] == ["run succeeded", "dagster not told"]
    assert "gone" in events[-1]["error"]
