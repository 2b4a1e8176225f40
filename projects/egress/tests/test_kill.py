"""Deliveries that are killed: whatever the moment, the next run ends as an undisturbed one would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from apis import Asked, Reply
from conftest import CUSTOMERS, DUCKDB_ONLY, POSTGRES_ONLY, Egress, Sql
from contacts import CONTACTS, MAKE_CONTACTS, four_apis, targets
from crm_server import Crm, Handler

from shared.postgres.server import LocalServer

STATE = "select row_key, payload_hash, status from ops.delivery where target = 'crm' order by 1"


def start(project: Path) -> subprocess.Popen[str]:
    """Start a delivery in a process of its own."""
    words = [sys.executable, "-m", "egress", "run", "--target", "crm"]
    return subprocess.Popen(words, cwd=project, env=os.environ, stderr=subprocess.PIPE, text=True)


# A delivery to one of the targets of tests, which no list of the platform's has.
OF_TESTS = """
import sys
sys.path.insert(0, sys.argv[1])
import egress.cli
from contacts import targets
from shared.command_line import command
egress.cli.all_targets = targets
sys.exit(command(egress.cli.main, ["run", "--target", "mailchimp"]))
"""


@DUCKDB_ONLY
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal(crm: Crm, egress: Egress, project: Path, sql: Sql, signum: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end a delivery after the chunk under way, and the next run sends the rest."""
    process: list[subprocess.Popen[str]] = []

    def interrupt(handler: Handler, body: bytes) -> None:
        process[0].send_signal(signum)
        handler.answer(*handler.take(body))

    crm.faults = [interrupt]
    process.append(start(project))
    assert process[0].wait(20) == 130
    assert len(crm.keys) < 3
    assert egress("run", "--target", "crm") == 0
    assert (len(crm.keys), crm.changes) == (3, CUSTOMERS)


@POSTGRES_ONLY
def test_server_of_the_warehouse_killed(
    postgres_server: LocalServer,
    crm: Crm,
    egress: Egress,
    sql: Sql,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A warehouse that dies after the CRM has taken a chunk ends the run; the chunk goes out again with its key."""
    port = postgres_server.port

    def kill_server(handler: Handler, body: bytes) -> None:
        result = handler.take(body)
        postgres_server.kill()
        handler.answer(*result)

    crm.faults = [None, kill_server]
    assert egress("run", "--target", "crm") == 1
    text = capfd.readouterr().err
    assert "error: the connection to PostgreSQL is lost" in text
    assert "hint: what was not committed is undone" in text
    assert "Traceback" not in text
    assert len(crm.keys) == 2
    postgres_server.start(port)
    assert sql("select count(*) from ops.delivery") == [(4,)]
    assert egress("run", "--target", "crm") == 0
    assert crm.keys[2] == crm.keys[1]
    assert (len(crm.keys), crm.changes) == (4, CUSTOMERS)
    assert sql("select status from ops.run order by sequence") == [("interrupted",), ("succeeded",)]


@DUCKDB_ONLY
def test_killed_amid_single_rows(
    sql: Sql, transform: Callable[[str], None], egress: Egress, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of rows with a request each, several at once, none is lost by a kill, and what is sent again has its key."""
    transform(MAKE_CONTACTS)
    monkeypatch.setattr("egress.cli.all_targets", targets)
    with four_apis(monkeypatch) as apis:
        api, process = apis["mailchimp"], list[subprocess.Popen[bytes]]()

        def kill_after_taking(asked: Asked) -> Reply | None:
            if len(api.asked) == 5:
                api.reply(api, asked)
                process[0].kill()
                process[0].wait(20)
            return None

        api.fault = kill_after_taking
        words = [sys.executable, "-c", OF_TESTS, str(Path(__file__).parent)]
        process.append(subprocess.Popen(words, cwd=project, env=os.environ, stderr=subprocess.DEVNULL))
        assert process[0].wait(60) == -signal.SIGKILL
        assert len(api.asked) >= 5
        assert egress("run", "--target", "mailchimp") == 0
        assert len(api.rows) == CONTACTS - 1
        assert len({(each.path, each.headers["idempotency-key"]) for each in api.asked}) == CONTACTS
    assert sql("select status, count(*) from ops.delivery group by 1 order by 1") == [
        ("delivered", CONTACTS - 1),
        ("rejected", 1),
    ]
