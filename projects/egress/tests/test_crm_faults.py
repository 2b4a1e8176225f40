"""What an API can do to a delivery, and that nothing is lost or doubled by it."""

from __future__ import annotations

import socket

import pytest
from conftest import CUSTOMERS, Egress, Sql
from crm_server import Crm, Fault, content, hang, leave_out_last, lose_answer, status

from shared.testing.engines import Engine

SHORT = "0.2"  # seconds to wait for an answer


@pytest.fixture
def engine() -> Engine:
    """Run on one engine: what the API does is the same beside both."""
    return "duckdb"


def delivered(sql: Sql) -> int:
    """Return how many rows count as delivered."""
    return int(sql("select count(*) from ops.delivery where status = 'delivered'")[0][0])


@pytest.mark.parametrize(
    "fault",
    [
        status(500),
        status(503),
        status(429, Retry_After="0"),
        status(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
        lose_answer,
        hang(1.0),
    ],
    ids=["500", "503", "429", "429-date", "lost answer", "timeout"],
)
def test_passing_fault_is_tried_again(
    crm: Crm, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """A trouble that passes costs a repetition with the same key, and changes no row twice."""
    monkeypatch.setenv("CRM_TIMEOUT", SHORT)
    crm.faults = [None, fault, fault]
    assert egress("run", "--target", "crm") == 0
    assert crm.keys[1] == crm.keys[2] == crm.keys[3]
    assert len(crm.keys) == 5
    assert (crm.changes, delivered(sql)) == (CUSTOMERS, CUSTOMERS)


def test_retry_after_is_waited_for(crm: Crm, egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait that Retry-After asks for is kept, not our own shorter one."""
    waits: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waits.append)
    crm.faults = [status(429, Retry_After="7")]
    assert egress("run", "--target", "crm") == 0
    assert waits == [7]


def test_429_that_names_no_wait_is_tried_again(crm: Crm, egress: Egress, sql: Sql) -> None:
    """An API that only says that it has had too much is asked again after our own wait."""
    crm.faults = [status(429)]
    assert egress("run", "--target", "crm") == 0
    assert crm.keys[0] == crm.keys[1]
    assert delivered(sql) == CUSTOMERS


def test_wait_that_is_asked_for_has_a_bound(crm: Crm, egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    """An API that asks for a day is asked again after two minutes."""
    waits: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waits.append)
    crm.faults = [status(429, Retry_After="86400")]
    assert egress("run", "--target", "crm") == 0
    assert waits == [120]


def test_tries_are_limited_and_the_next_run_goes_on(
    crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """An API that stays broken ends the run after the limit; confirmed chunks stay, the next run sends the rest."""
    crm.faults = [None, *[status(500)] * 5]
    assert egress("run", "--target", "crm") == 1
    assert "error: the API answered 500" in capfd.readouterr().err
    assert len(crm.keys) == 6
    assert delivered(sql) == 4
    assert egress("run", "--target", "crm") == 0
    assert crm.keys[6] == crm.keys[5]
    assert (len(crm.keys), crm.changes, delivered(sql)) == (8, CUSTOMERS, CUSTOMERS)


def test_answer_that_makes_no_sense_confirms_nothing(
    crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """Rows whose answer cannot be understood are not marked, and are sent again with the same key."""
    unknown = '{"results": [{"customer_id": "C-00000", "status": "maybe"}]}'
    senseless = ["not JSON", "{}", unknown, '{"results": 3}', "[]", ""]
    for text in senseless:
        crm.faults = [content(text)]
        assert egress("run", "--target", "crm") == 1, text
        assert "error: the API's answer cannot be understood" in capfd.readouterr().err
        assert delivered(sql) == 0
    assert egress("run", "--target", "crm") == 0
    assert len(set(crm.keys[: len(senseless) + 1])) == 1
    assert (crm.changes, delivered(sql)) == (CUSTOMERS, CUSTOMERS)


def test_rows_left_out_of_the_answer_are_not_confirmed(
    crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """An answer with fewer results than rows confirms those it names; the run fails and the next sends the rest."""
    crm.faults = [leave_out_last]
    assert egress("run", "--target", "crm") == 1
    assert "leaves out 1 of 4 rows, the first is `C-00003`" in capfd.readouterr().err
    assert delivered(sql) == 3
    assert egress("run", "--target", "crm") == 0
    assert crm.batches[1][0]["customer_id"] == "C-00003"
    assert delivered(sql) == CUSTOMERS


def test_contradicting_results_confirm_nothing(crm: Crm, egress: Egress, sql: Sql) -> None:
    """A row that is both updated and rejected in one answer is not confirmed."""
    results = '{"customer_id": "C-00000", "status": "%s"}'
    crm.faults = [content('{"results": [' + results % "updated" + "," + results % "rejected" + "]}")]
    assert egress("run", "--target", "crm") == 1
    assert sql("select count(*) from ops.delivery") == [(0,)]


def test_silent_api_is_named_with_the_reason(
    crm: Crm, egress: Egress, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An API that never answers in time ends the run with that reason."""
    monkeypatch.setenv("CRM_TIMEOUT", SHORT)
    monkeypatch.setenv("CRM_TRIES", "2")
    crm.faults = [hang(1.0), hang(1.0)]
    assert egress("run", "--target", "crm") == 1
    text = capfd.readouterr().err
    assert f"error: no answer from the API: `{crm.url}/customers/batch`: Read timed out." in text
    assert [line for line in text.splitlines() if "tries left" in line] == ["  no success (ReadTimeout), tries left: 1"]
    assert len(crm.keys) == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (400, "`not now`"),
        (401, "`not now`"),
        (404, "`not now`"),
        (422, "`not now`"),
        (302, "it sends on to another path of its own"),
        (308, "it sends on to `https://crm.example`"),
    ],
)
def test_refusal_is_not_tried_again(
    crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str], code: int, said: str
) -> None:
    """A request that the API refuses ends the run at once, with what the API said, or whose address it named."""
    crm.faults = [status(code, Location="/elsewhere" if code == 302 else "https://me:hush@crm.example/a?token=b")]
    assert egress("run", "--target", "crm") == 1
    assert f"error: the API answered {code}: {said}\n" in capfd.readouterr().err
    assert (len(crm.keys), delivered(sql)) == (1, 0)


def test_connection_refused(
    models: Sql, egress: Egress, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where nobody listens, the run fails with the address and the reason, without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("CRM_API_URL", f"http://127.0.0.1:{port}")
    assert egress("run", "--target", "crm") == 1
    text = capfd.readouterr().err
    assert f"error: no answer from the API: `http://127.0.0.1:{port}/customers/batch`" in text
    assert "Connection refused" in text
    assert "Traceback" not in text
    assert delivered(models) == 0


def test_failing_target_does_not_keep_others_from_theirs(
    crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """When one target fails, the others are still delivered to, and the run fails with its error."""
    sql("drop table egress.customer_360")
    assert egress("run") == 2
    assert "there is no such model in the warehouse: `egress.customer_360`" in capfd.readouterr().err
    assert delivered(sql) == CUSTOMERS
