"""APIs that do not take JSON and answer with a list of results: forms, lines, jobs, errors in a success."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qsl

import pytest
from apis import Api, Asked, Reply, search, serving
from conftest import DUCKDB_ONLY, Egress, Sql
from contacts import CONTACTS
from test_targets import module_of
from tools import REASONS, TOOLS

from egress.kinds.rest.answers import EVERY, Answers
from egress.kinds.rest.bodies import LINES
from egress.kinds.rest.declared import Delete, Job, OwnId, Refusals

pytestmark = DUCKDB_ONLY
OPEN = "select reason from ops.quarantine where resolved_at is null order by 1"
KEYS = {f"K/{number}" for number in range(1, CONTACTS + 1)}
ITEM: dict[str, Any] = {"status": "index.status", "taken": (200, 201), "refused": (400,), "again": (429,)}
SEARCH: Mapping[str, Any] = {
    "path": "/contacts/_bulk",
    "rows": LINES,
    "head": {"index._id": "contact_id"},
    "idempotency": None,
    "answers": Answers("items", key="index._id", reason="index.error.reason", **ITEM),
    "mode": "mirror",
    "delete": Delete(
        "/contacts/_bulk",
        method="POST",
        rows=LINES,
        fields={"delete._id": "contact_id"},
        answers=Answers("items", key="delete._id", status="delete.status", taken=(200, 404)),
    ),
}


def test_pairs_of_lines(deliver: Callable[..., Any], contacts: Sql, monkeypatch: Any) -> None:
    """Each item says what became of its row; one that was put off is sent again; deletes share a request, by line."""
    put_off = {"K/5", "K/6"}

    def busy(api: Api, asked: Asked) -> Reply:
        status, said = search(api, asked)
        for item in said["items"]:
            of = item.get("index", {})
            if of.get("_id") in put_off:
                put_off.remove(of["_id"])
                of["status"] = 429
                del api.rows[of["_id"]]
        return status, said

    api, run = deliver(busy, **SEARCH)
    # The API says when it has time for them, as far as there is a bound.
    api.headers["Retry-After"] = "3600"
    monkeypatch.setenv("HTTP_WAIT", "0.5")
    begun = time.monotonic()
    assert run() == 0
    assert time.monotonic() - begun >= 0.5
    assert api.rows.keys() == KEYS - {"K/3"}
    assert api.rows["K/2"] == {
        **{"contact_id": "K/2", "email": "P2@example.org", "email_hash": api.rows["K/2"]["email_hash"]},
        **{"given_name": "Zoë 2", "surname": "Smith", "sales": "2.20"},
    }
    assert [len(each.body.splitlines()) for each in api.asked] == [14, 4]
    assert contacts(OPEN) == [("failed to parse ***",)]
    api.asked.clear()
    contacts("update egress.contacts set surname = 'Line' || chr(10) || 'two' where contact_id = 'K/1'")
    contacts("delete from egress.contacts where contact_id in ('K/2', 'K/4')")
    del api.rows["K/4"]
    assert run() == 0
    assert api.rows.keys() == KEYS - {"K/2", "K/3", "K/4"}
    assert api.rows["K/1"]["surname"] == "Line\ntwo"
    assert api.asked[0].body == b'{"delete":{"_id":"K/2"}}\n{"delete":{"_id":"K/4"}}\n'
    assert run() == 0
    assert len(api.asked) == 2


def test_rows_put_off_for_good(deliver: Callable[..., Any], contacts: Sql, monkeypatch: Any, capfd: Any) -> None:
    """Rows that the API never has time for end the delivery, whose others are confirmed; they are sent again."""

    def full(api: Api, asked: Asked) -> Reply:
        status, said = search(api, asked)
        said["items"][-1]["index"]["status"] = 429
        return status, said

    monkeypatch.setenv("MADE_TRIES", "2")
    api, run = deliver(full, **SEARCH)
    assert run() == 1
    assert "error: the API has no time for 1 of 7 rows, the first is `K/7`" in capfd.readouterr().err
    assert [len(each.body.splitlines()) for each in api.asked] == [14, 2]
    assert contacts("select count(*) from ops.delivery where status = 'delivered'") == [(CONTACTS - 2,)]


def test_forms_are_answered_and_deleted(deliver: Callable[..., Any], contacts: Sql) -> None:
    """A form goes where its row's id leads; a success that says an error is none, and shows nothing of the form."""

    def stripe(api: Api, asked: Asked) -> Reply:
        if asked.method == "DELETE":
            return (200 if api.rows.pop(asked.path.rpartition("/")[2], None) else 404), {"deleted": True}
        row = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        if "@" not in row["email"]:
            return 200, {"error": {"message": f"no address: {asked.body.decode()}"}}
        name = asked.path.removeprefix("/v1/customers").strip("/") or f"cus_{row['metadata[key]'].replace('/', '_')}"
        api.rows[name] = row
        return 200, {"id": name}

    api, run = deliver(
        stripe,
        path="/v1/customers",
        encoding="form",
        fields={"email": "email", "metadata.key": "contact_id", "metadata.name": "given_name"},
        answers=Answers("error", refused=EVERY, reason="message"),
        own_id=OwnId("id", "/v1/customers/{own_id}", method="POST"),
        mode="mirror",
        delete=Delete("/v1/customers/{own_id}"),
    )
    assert run() == 0
    assert contacts(OPEN) == [("no address: email=***&metadata%5Bkey%5D=K%2F3&metadata%5Bname%5D=***",)]
    assert api.rows["cus_K_1"] == {"email": "P1@example.org", "metadata[key]": "K/1", "metadata[name]": "Zoë 1"}
    assert len(api.rows) == CONTACTS - 1
    contacts("update egress.contacts set given_name = null where contact_id = 'K/1'")
    contacts("delete from egress.contacts where contact_id = 'K/2'")
    assert run() == 0
    assert api.rows["cus_K_1"]["metadata[name]"] == ""
    assert api.rows.keys() == {f"cus_K_{number}" for number in (1, 4, 5, 6, 7)}


def test_all_or_none(deliver: Callable[..., Any], contacts: Sql) -> None:
    """Where one row's fault keeps a whole request from being taken, the others arrive without it."""

    def strict(api: Api, asked: Asked) -> Reply:
        records = asked.json()["records"]
        assert asked.json()["allOrNone"] is True
        bad = ["@" not in each["email"] for each in records]
        if not any(bad):
            api.rows |= {each["contact_id"]: each for each in records}
            return 200, [{"success": True} for _ in records]
        why = ("INVALID_EMAIL_ADDRESS" if each else "ALL_OR_NONE_OPERATION_ROLLED_BACK" for each in bad)
        return 200, [{"success": False, "errors": [{"statusCode": code}]} for code in why]

    said = Answers("$", status="success", taken=(True,), refused=(False,), reason="errors.0.statusCode", together=True)
    api, run = deliver(strict, rows="records", beside={"allOrNone": True}, answers=said)
    assert run() == 0
    assert api.rows.keys() == KEYS - {"K/3"}
    assert contacts(OPEN) == [("INVALID_EMAIL_ADDRESS",)]


def test_requests_that_are_too_large(deliver: Callable[..., Any], contacts: Sql) -> None:
    """A request has so many bytes of rows at most, is sent in halves where it is too large, and one row is refused."""

    def small(api: Api, asked: Asked) -> Reply:
        if len(asked.body) > 500:
            return 413, None
        api.rows |= {each["contact_id"]: each for each in asked.json()}
        return 200, None

    contacts("update egress.contacts set surname = repeat('x', 400) where contact_id = 'K/2'")
    api, run = deliver(small, rows="$", chunk_bytes=600)
    assert run() == 0
    assert api.rows.keys() == KEYS - {"K/2"}
    assert contacts(OPEN) == [("413: nothing",)]
    assert max(len(each.body) for each in api.asked) <= 600 + len("[,,,]")


def test_rows_named_by_another_column(deliver: Callable[..., Any], contacts: Sql) -> None:
    """Where an answer names rows by their addresses, `named_by` is the column with these."""

    def members(api: Api, asked: Asked) -> Reply:
        new: list[dict[str, str]] = []
        errors: list[dict[str, str]] = []
        for each in asked.json()["members"]:
            address = {"email_address": each["email"]}
            (new if "@" in each["email"] else errors).append({**address, "error": "looks fake"})
        return 200, {"new_members": new, "errors": errors}

    taken = Answers("new_members", key="email_address", taken=EVERY)
    errors = Answers("errors", key="email_address", refused=EVERY, reason="error")
    _, run = deliver(members, rows="members", named_by="email", answers=(taken, errors), refusals=Refusals((400,)))
    assert run() == 0
    assert contacts(OPEN) == [("looks fake",)]
    assert contacts("select count(*) from ops.delivery where status = 'delivered'") == [(CONTACTS - 1,)]


def test_jobs_behind_an_answer(deliver: Callable[..., Any], contacts: Sql, monkeypatch: Any, capfd: Any) -> None:
    """Rows count when their job has ended, as it says of each; one that fails or does not end confirms none of them."""
    jobs: dict[str, list[dict[str, str]]] = {}
    states = iter([*["queued", "working", "completed"], "completed", "killed", "killed", *["working"] * 99])

    def slow(api: Api, asked: Asked) -> Reply:
        if asked.method == "POST":
            # A request that is known gets the job that it has got.
            jobs.setdefault(asked.headers["idempotency-key"], asked.json()["users"])
            return 202, {"job_status": {"id": asked.headers["idempotency-key"], "status": "queued"}}
        users = jobs[asked.path.removeprefix("/job_statuses/").removesuffix(".json")]
        state = next(states)
        job: dict[str, Any] = {"status": state, "message": f"{users[0]['email']} came to nothing", "results": None}
        if state == "completed":
            api.rows |= {each["contact_id"]: each for each in users if "@" in each["email"]}
            job["results"] = [{"index": at, "success": "@" in each["email"]} for at, each in enumerate(users)]
        return 200, {"job_status": job}

    said = Answers("job_status.results", place="index", status="success", taken=(True,), refused=(False,))
    at, status = "/job_statuses/{job_id}.json", "job_status.status"
    job = Job("job_status.id", at, status, ("completed",), ("killed", "failed"), reason="job_status.message")
    api, run = deliver(slow, path="/users", rows="users", answers=said, job=job, chunk_rows=5)
    assert run() == 0
    assert api.rows.keys() == KEYS - {"K/3"}
    assert [call.partition(" ")[0] for call in api.calls()] == ["POST", "GET", "GET", "GET", "POST", "GET"]
    assert contacts(OPEN) == [("rejected without a reason",)]
    ((receipt,),) = contacts("select receipt from ops.delivery where row_key = 'K/1'")
    assert receipt == f"{next(iter(jobs))}, job {next(iter(jobs))}"
    contacts("update egress.contacts set surname = 'Jones' where contact_id = 'K/1'")
    assert run() == 1
    told = capfd.readouterr().err
    assert f"error: the API's job has failed: `{list(jobs)[2]}`: *** came to nothing" in told
    monkeypatch.setenv("MADE_JOB_SECONDS", "0.05")
    assert run() == 1
    told = capfd.readouterr().err
    assert f"error: the API's job has not ended after 0.05 s: `{list(jobs)[2]}`" in told
    assert "MADE_JOB_SECONDS" in told
    assert (len(jobs), api.rows["K/1"]["surname"]) == (3, "Smith")
    # It goes on: nothing of it is sent again, and what has changed since only once it has ended.
    begun = len([call for call in api.calls() if call.startswith("POST")])
    contacts("update egress.contacts set surname = 'Brown' where contact_id in ('K/1', 'K/2')")
    assert run() == 1
    assert [row["surname"] for row in list(jobs.values())[-1]] == ["Brown"] and len(jobs) == 4
    states = iter(["completed"] * 3)
    assert run() == 0
    assert api.rows["K/1"]["surname"] == "Brown" and contacts("select count(*) from ops.delivery_job") == [(0,)]
    assert len([call for call in api.calls() if call.startswith("POST")]) == begun + 2


def test_job_that_nobody_knows_is_begun_again(deliver: Callable[..., Any], contacts: Sql, monkeypatch: Any) -> None:
    """Rows of a job that goes on are not sent again, until the API knows it no more or a week is over."""
    status = 200

    def forgetful(api: Api, asked: Asked) -> Reply:
        begun = str(sum(call.startswith("POST") for call in api.calls()))
        if asked.method == "POST":
            return 202, {"id": begun}
        return status, {"state": "done" if begun == "3" else "working"}

    monkeypatch.setenv("MADE_JOB_SECONDS", "0.01")
    job = Job("id", "/jobs/{job_id}", "state", ("done",))
    api, run = deliver(forgetful, path="/users", rows="users", job=job, idempotency=None)
    assert [run() for _ in range(2)] == [1, 1] and [call[:4] for call in api.calls()].count("POST") == 1
    status = 404
    assert run() == 1 and [call[:4] for call in api.calls()].count("POST") == 2
    status = 200
    contacts("update ops.delivery_job set begun_at = begun_at - interval '8 days'")
    assert run() == 0 and [call[:4] for call in api.calls()].count("POST") == 3
    assert contacts("select count(*) from ops.delivery") == [(CONTACTS,)]
    assert contacts("select count(*) from ops.delivery_job") == [(0,)]


def test_tools_by_declaration(contacts: Sql, egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each tool gets every contact but the one that it refuses, whose reason is kept, and that one when it is right."""
    monkeypatch.setattr("egress.cli.all_targets", lambda: {target: module_of(target) for target in TOOLS})
    with ExitStack() as stack:
        served = {target.name: stack.enter_context(serving(reply)) for target, reply in TOOLS.items()}
        for name, api in served.items():
            monkeypatch.setenv(f"{name.upper()}_API_URL", api.url)
            monkeypatch.setenv(f"{name.upper()}_BACKOFF", "0.01")
        assert egress("run", "--all") == 0
        assert {name: len(api.rows) for name, api in served.items()} == dict.fromkeys(served, CONTACTS - 1)
        assert dict(contacts("select resource, reason from ops.quarantine")) == REASONS
        asked = {name: len(api.asked) for name, api in served.items()}
        assert egress("run", "--all") == 0
        assert {name: len(api.asked) for name, api in served.items()} == asked
        contacts("update egress.contacts set email = 'p3@example.org' where contact_id = 'K/3'")
        assert egress("run", "--all") == 0
        assert {name: len(api.rows) for name, api in served.items()} == dict.fromkeys(served, CONTACTS)
        assert {len(api.asked) - asked[name] for name, api in served.items()} == {1}
        assert contacts(OPEN) == []
