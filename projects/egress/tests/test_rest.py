"""APIs by declaration: logins, bodies, answers, deletes, modes and pace, against some that are like real ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from apis import Api, Asked, Reply
from conftest import DUCKDB_ONLY, Egress, Sql
from contacts import BAD, CONTACTS, MODEL, SECRETS, four_apis, targets

from egress.kinds.rest.answers import Answers
from egress.kinds.rest.bodies import LINES, Fixed
from egress.kinds.rest.declared import Delete, Refusals
from egress.kinds.rest.target import Rest
from shared.errors import ConfigurationError

OPEN = "select resource, reason from ops.quarantine where resolved_at is null order by 1"
STATES = "select row_key, status, receipt from ops.delivery where target = '{}' order by 1"


@pytest.fixture
def served(contacts: Sql, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, Api]]:
    """Serve the four APIs, and let egress have their targets and no others."""
    monkeypatch.setattr("egress.cli.all_targets", targets)
    monkeypatch.setattr("egress.cli.path_of", lambda module: module.__name__)
    with four_apis(monkeypatch) as apis:
        yield apis


def fine(api: Api, asked: Asked) -> Reply:
    """Take whatever comes."""
    return 200, None


def ids(asked: Asked) -> list[str]:
    """Return the keys of the rows in a body that is a list."""
    return [row["contact_id"] for row in asked.json()]


@DUCKDB_ONLY
def test_failed_items_of_a_207(served: Mapping[str, Api], egress: Egress, contacts: Sql, capfd: Any) -> None:
    """Of a batch that is answered 207 the failed items are dead letters with their reason, and the others delivered."""
    api = served["hubspot"]
    assert egress("run", "--target", "hubspot") == 0
    (asked,) = api.asked
    assert "idempotency-key" not in asked.headers
    assert asked.json()["inputs"][0] == {
        "idProperty": "email",
        "id": "P1@example.org",
        "objectWriteTraceId": "K/1",
        "properties": {"firstname": "Zoë 1", "total_sales": "1.10"},
    }
    assert len(api.rows) == CONTACTS - 1
    assert contacts(OPEN) == [("hubspot", "Email address *** is invalid")]
    assert contacts("select payload from ops.quarantine")[0][0].startswith('{"contact_id":"K/3","email":"nowhere"')
    states = {key: (status, bool(receipt)) for key, status, receipt in contacts(STATES.format("hubspot"))}
    assert states.pop(BAD) == ("rejected", False)
    assert set(states.values()) == {("delivered", True)}
    api.asked.clear()
    contacts("update egress.contacts set email = 'p3@example.org' where contact_id = $1", BAD)
    assert egress("run", "--target", "hubspot") == 0
    assert [len(each.json()["inputs"]) for each in api.asked] == [1]
    assert contacts(OPEN) == []


def test_rows_answered_for_in_their_order(served: Mapping[str, Api], egress: Egress, contacts: Sql) -> None:
    """Without keys the answer's entries are the rows' in order; what has left the model is deleted by its key."""
    api = served["salesforce"]
    assert egress("run", "--target", "salesforce") == 0
    assert contacts(OPEN) == [("salesforce", "Email: invalid email address: ***")]
    assert sorted(api.rows) == [f"K/{number}" for number in range(1, 8) if number != 3]
    assert api.tokens == 1
    # Somebody else has had a token since: ours is good no more.
    api.tokens += 1
    api.asked.clear()
    contacts("delete from egress.contacts where contact_id in ('K/2', 'K/3', 'K/4')")
    del api.rows["K/4"]
    assert egress("run", "--target", "salesforce") == 0
    assert api.calls() == [
        "DELETE /services/data/v61.0/sobjects/Contact/Ext__c/K/2",
        "DELETE /services/data/v61.0/sobjects/Contact/Ext__c/K/4",
    ]
    assert sorted(api.rows) == ["K/1", "K/5", "K/6", "K/7"]
    states = {key: status for key, status, _ in contacts(STATES.format("salesforce"))}
    assert {states[key] for key in ("K/2", "K/3", "K/4")} == {"deleted"}
    assert {states[key] for key in ("K/1", "K/5", "K/6", "K/7")} == {"delivered"}
    assert egress("run", "--target", "salesforce") == 0
    assert len(api.calls()) == 2


@DUCKDB_ONLY
def test_row_at_a_path_of_its_own(served: Mapping[str, Api], egress: Egress, contacts: Sql) -> None:
    """Single rows go to their own paths, several at once; one that is refused is a dead letter, deletes follow."""
    api = served["mailchimp"]
    assert egress("run", "--target", "mailchimp") == 0
    assert len(api.rows) == CONTACTS - 1
    assert len({each.headers["idempotency-key"] for each in api.asked}) == CONTACTS
    assert contacts(OPEN) == [("mailchimp", "400: *** looks fake or invalid")]
    api.asked.clear()
    contacts("delete from egress.contacts where contact_id = 'K/7'")
    assert egress("run", "--target", "mailchimp") == 0
    (call,) = api.calls()
    assert call.startswith("DELETE /3.0/lists/a1/members/")
    assert len(api.rows) == CONTACTS - 2


def test_insert_only(served: Mapping[str, Api], egress: Egress, contacts: Sql, capfd: Any) -> None:
    """A row that was taken once is not sent again, whatever becomes of it; one that was refused is, when it changes."""
    api = served["intercom"]
    assert egress("run", "--target", "intercom") == 0
    assert contacts(OPEN) == [("intercom", "422: email is invalid")]
    api.asked.clear()
    contacts("update egress.contacts set sales = 99 where contact_id in ('K/2', 'K/4')")
    contacts("update egress.contacts set email = 'p3@example.org' where contact_id = $1", BAD)
    capfd.readouterr()
    assert egress("plan", "--target", "intercom") == 0
    planned = capfd.readouterr().out
    assert "send       1 (0 new, 3 changed)" in planned
    assert "left       2 that have changed" in planned
    assert "unchanged  4" in planned
    for words in (["run"], ["run", "--full"], ["run", "--retry-rejected"]):
        assert egress(*words, "--target", "intercom") == 0
    assert [each.json()["external_id"] for each in api.asked] == [BAD]


@DUCKDB_ONLY
def test_row_that_is_there_already(deliver: Callable[..., Any], contacts: Sql) -> None:
    """A status that is declared as done counts as taken: the API has got the row, and its answer was lost."""
    api, run = deliver(fine, mode="insert_only", idempotency=None, done=(409,))
    api.fault = lambda asked: (409, None) if asked.json()["contact_id"] == "K/2" else None
    assert run() == 0
    assert contacts("select status, count(*) from ops.delivery group by 1") == [("delivered", CONTACTS)]


@DUCKDB_ONLY
def test_secrets_are_seen_nowhere(served: Mapping[str, Api], egress: Egress, contacts: Sql, capfd: Any) -> None:
    """No token, key or password is on screen, in the ledger, the send state, the quarantine or the list."""
    served["hubspot"].fault = lambda asked: (403, {"message": f"{asked.headers['authorization']} may not do this"})
    assert egress("run", "--target", "hubspot", "salesforce", "mailchimp", "intercom") == 1
    assert egress("list", "--json") == 0
    told = "".join(capfd.readouterr())
    assert "error: the API answered 403" in told
    tables = ("ops.run", "ops.run_output", "ops.delivery", "ops.quarantine")
    told += "".join(str(contacts(f"select * from {table}")) for table in tables)
    assert not [secret for secret in [*SECRETS.values(), "sf-token-1"] if secret in told]


@DUCKDB_ONLY
def test_login_that_lacks_a_setting(
    served: Mapping[str, Api], egress: Egress, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """A target without its secret is left out by name, as one without its address is; a file may have the secret."""
    monkeypatch.delenv("INTERCOM_API_KEY")
    assert egress("run", "--target", "intercom") == 2
    assert "error: INTERCOM_API_KEY is not set, the target needs it: `intercom`" in capfd.readouterr().err


@DUCKDB_ONLY
def test_batch_without_word_of_each_row(deliver: Callable[..., Any], contacts: Sql, capfd: Any) -> None:
    """Where the status counts for all rows of a batch, list and receipts say so; a page to log in at is no answer."""
    api, run = deliver(fine, rows="$", chunk_rows=5)
    api.fault = lambda asked: (200, " <!doctype html><form>")
    assert run() == 1
    assert "HTML of 22 bytes: a page, and no answer" in capfd.readouterr().err
    assert contacts("select * from ops.delivery") == []
    api.fault = lambda asked: None
    api.asked.clear()
    assert run() == 0
    assert [len(each.json()) for each in api.asked] == [5, 2]
    capfd.readouterr()
    assert run("list") == 0
    assert "`POST $MADE_API_URL/rows`, which answers for a batch as a whole" in capfd.readouterr().out
    assert run("receipts", "--key", "K/1") == 0
    assert capfd.readouterr().out.rstrip().endswith(", for 5 rows as a whole")


@DUCKDB_ONLY
def test_rows_at_fault_are_found(deliver: Callable[..., Any], contacts: Sql) -> None:
    """A batch that is refused for what its rows hold is sent in halves: only the rows at fault stay behind."""

    def picky(api: Api, asked: Asked) -> Reply:
        bad = [each for each in ids(asked) if each in ("K/2", "K/7")]
        if bad:
            return 422, {"error": {"why": f"of {asked.json()[0]['email']}: no"}}
        api.rows |= {each: {} for each in ids(asked)}
        return 201, None

    api, run = deliver(picky, rows="$", refusals=Refusals((400, 422), reason="error.why"))
    assert run() == 0
    assert sorted(api.rows) == ["K/1", "K/3", "K/4", "K/5", "K/6"]
    assert contacts(OPEN) == [("made", "422: of ***: no")] * 2
    assert len({each.headers["idempotency-key"] for each in api.asked}) == len(api.asked)


@DUCKDB_ONLY
@pytest.mark.parametrize(
    ("declared", "body", "kind"),
    [
        (
            {"rows": LINES, "idempotency": "X-Once"},
            b'{"id":"K/1","kind":7}\n{"id":"K/2","kind":7}\n',
            "application/x-ndjson",
        ),
        (
            {"rows": "data.items", "beside": {"data.all": False}, "method": "PUT"},
            b'{"data":{"all":false,"items":[{"id":"K/1","kind":7},{"id":"K/2","kind":7}]}}',
            "application/json",
        ),
        ({"headers": {"Content-Type": "application/vnd.x+json"}}, b'{"id":"K/1","kind":7}', "application/vnd.x+json"),
        (
            {"rows": LINES, "head": {"index._id": "contact_id", "index.of": Fixed(None)}},
            b'{"index":{"_id":"K/1","of":null}}\n{"id":"K/1","kind":7}\n'
            b'{"index":{"_id":"K/2","of":null}}\n{"id":"K/2","kind":7}\n',
            "application/x-ndjson",
        ),
        ({"encoding": "form"}, b"id=K%2F1&kind=7", "application/x-www-form-urlencoded"),
    ],
    ids=["lines", "named", "single", "pairs", "form"],
)
def test_forms_of_a_request(
    deliver: Callable[..., Any], contacts: Sql, declared: dict[str, Any], body: bytes, kind: str
) -> None:
    """Rows are lines, a list under a name beside other fields, or alone; type and idempotency are as declared."""
    contacts("delete from egress.contacts where contact_id > 'K/2'")
    api, run = deliver(fine, fields={"id": "contact_id", "kind": Fixed(7)}, **declared)
    assert run() == 0
    asked = api.asked[0]
    assert (asked.method, asked.body) == (declared.get("method", "POST"), body)
    assert asked.headers["content-type"] == kind
    assert ("x-once" in asked.headers) == ("idempotency" in declared)


@DUCKDB_ONLY
def test_value_that_cannot_be_in_a_path(deliver: Callable[..., Any], contacts: Sql) -> None:
    """A value stays in its place of the path, however it is written; a row without one is a dead letter."""
    contacts("update egress.contacts set email = case contact_id when 'K/1' then '../a?b' when 'K/2' then '..' end")
    api, run = deliver(fine, path="/people/{email}/card", method="PUT")
    assert run() == 0
    assert [each.path for each in api.asked] == ["/people/../a?b/card"]
    reasons = [reason for _, reason in contacts(OPEN)]
    assert len(reasons) == CONTACTS - 1
    assert "its values would lead elsewhere than to the path `/people/{email}/card`" in reasons
    assert "`email`: not a text or a whole number, as the path `/people/{email}/card` wants one" in reasons


@DUCKDB_ONLY
def test_update_only_makes_no_row(deliver: Callable[..., Any], contacts: Sql) -> None:
    """A row that the API does not find is a dead letter, and made by nobody."""

    def known(api: Api, asked: Asked) -> Reply:
        return (404 if asked.path.endswith("K/2") else 200), None

    api, run = deliver(known, path="/rows/{contact_id}", method="PATCH", mode="update_only")
    assert run() == 0
    assert contacts(OPEN) == [("made", "404: nothing")]
    assert len(api.asked) == CONTACTS


def test_mirror_is_guarded(
    deliver: Callable[..., Any], contacts: Sql, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """Deletes beyond both bounds stop a delivery before anything is sent; an empty model deletes nothing unasked."""
    monkeypatch.setenv("MADE_DELETE_ROWS", "2")
    mirror = {"path": "/rows/{contact_id}", "method": "PUT", "mode": "mirror", "delete": Delete("/rows/{contact_id}")}
    api, run = deliver(fine, **mirror)
    assert run() == 0
    api.asked.clear()
    contacts("delete from egress.contacts where contact_id < 'K/4'")
    contacts("update egress.contacts set sales = 0 where contact_id = 'K/5'")
    assert run("plan") == 0
    assert "stopped    delete 3 is more than 2 rows and more than 10% of the 7 rows" in capfd.readouterr().out
    assert run() == 1
    assert "error: the delivery to `made` would delete 3 rows" in capfd.readouterr().err
    assert api.asked == []
    assert run("run", "--approve-deletes", "3") == 0
    assert api.calls() == [*(f"DELETE /rows/K/{number}" for number in (1, 2, 3)), "PUT /rows/K/5"]
    assert all(each.body == b"" for each in api.asked[:3])
    api.asked.clear()
    contacts("delete from egress.contacts")
    assert run() == 0
    assert "`--allow-empty` deletes the 4 rows that it has" in capfd.readouterr().err
    assert run("run", "--allow-empty") == 1
    assert api.asked == []
    assert run("run", "--allow-empty", "--approve-deletes", "4") == 0
    assert len(api.asked) == 4
    assert contacts("select distinct status from ops.delivery") == [("deleted",)]


@DUCKDB_ONLY
def test_deletion_that_is_refused(deliver: Callable[..., Any], contacts: Sql) -> None:
    """A row that the API does not let go is a dead letter, and asked for again by the next run until it is gone."""
    mirror = {
        "path": "/rows/{contact_id}",
        "mode": "mirror",
        "delete": Delete("/rows/{contact_id}/archive", method="POST"),
    }
    api, run = deliver(fine, refusals=Refusals((409,)), **mirror)
    assert run() == 0
    contacts("delete from egress.contacts where contact_id = 'K/1'")
    api.fault = lambda asked: (409, {"message": "has open orders"})
    api.asked.clear()
    assert run() == 0
    assert contacts(OPEN) == [("made", 'not deleted: 409: `{"message": "has open orders"}`')]
    api.fault = lambda asked: (410, None)
    assert run() == 0
    assert api.calls() == ["POST /rows/K/1/archive"] * 2
    assert contacts(OPEN) == []
    assert contacts("select status from ops.delivery where row_key = 'K/1'") == [("deleted",)]


@DUCKDB_ONLY
def test_refused_deletion_is_replayed(deliver: Callable[..., Any], contacts: Sql) -> None:
    """The deletion of an entry is asked for again, no other one is, and the entry stays until the row is gone."""
    mirror = {"path": "/rows/{contact_id}", "mode": "mirror", "delete": Delete("/rows/{contact_id}")}
    api, run = deliver(fine, refusals=Refusals((409,)), **mirror)
    assert run() == 0
    contacts("delete from egress.contacts where contact_id = 'K/1'")
    api.fault = lambda asked: (409, None)
    assert run() == 0
    ((entry,),) = contacts("select quarantine_id from ops.quarantine where resolved_at is null")
    contacts("delete from egress.contacts where contact_id = 'K/2'")
    api.asked.clear()
    assert run("replay", entry) == 1
    api.fault = lambda asked: (410, None)
    assert run("replay", entry) == 0
    assert api.calls() == ["DELETE /rows/K/1"] * 2
    assert contacts(OPEN) == []
    assert contacts("select status from ops.delivery where row_key in ('K/1', 'K/2') order by row_key") == [
        ("deleted",),
        ("delivered",),
    ]


@DUCKDB_ONLY
def test_requests_at_once_are_as_many_as_declared(deliver: Callable[..., Any], contacts: Sql) -> None:
    """So many requests are under way together and no more; each row is in one of them, and all are marked."""
    both, lock, count, most = threading.Barrier(2, timeout=20), threading.Lock(), [0], [0]

    def slow(api: Api, asked: Asked) -> Reply:
        with lock:
            count[0] += 1
            most[0] = max(most[0], count[0])
        # Nobody gets further before another one is here.
        both.wait()
        with lock:
            count[0] -= 1
        return 200, None

    contacts("delete from egress.contacts where contact_id > 'K/6'")
    api, run = deliver(slow, at_once=2)
    assert run() == 0
    assert most == [2]
    assert sorted(each.json()["contact_id"] for each in api.asked) == [f"K/{number}" for number in range(1, 7)]
    assert contacts("select count(*) from ops.delivery where status = 'delivered'") == [(6,)]


@DUCKDB_ONLY
def test_failure_among_requests_at_once(deliver: Callable[..., Any], contacts: Sql) -> None:
    """When one of several fails, what is under way is confirmed and nothing more begun; the next run sends the rest."""
    api, run = deliver(fine, at_once=2)
    api.fault = lambda asked: (403, None) if asked.json()["contact_id"] == "K/3" else None
    assert run() == 1
    done = {key for (key,) in contacts("select row_key from ops.delivery")}
    assert {"K/1", "K/2"} <= done <= {"K/1", "K/2", "K/4"}
    sent = {each.json()["contact_id"]: each.headers["idempotency-key"] for each in api.asked}
    api.fault = lambda asked: None
    api.asked.clear()
    assert run() == 0
    again = {each.json()["contact_id"]: each.headers["idempotency-key"] for each in api.asked}
    assert set(again) == {f"K/{number}" for number in range(1, 8)} - done
    assert again["K/3"] == sent["K/3"]


@DUCKDB_ONLY
def test_pace(deliver: Callable[..., Any], contacts: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of all threads together begin no faster than is declared."""
    waits: list[float] = []
    monkeypatch.setattr("shared.http.pace.time.sleep", waits.append)
    _, run = deliver(fine, per_second=0.5, at_once=2)
    assert run() == 0
    # The first begins at once, each other one two seconds behind the one before.
    assert 11 < max(waits) <= 12


@DUCKDB_ONLY
def test_api_that_refuses_nearly_all(
    deliver: Callable[..., Any], contacts: Sql, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """Where more rows are refused than may be, the delivery ends: it is the declaration that is wrong."""
    monkeypatch.setenv("MADE_REJECT_ROWS", "2")
    monkeypatch.setenv("MADE_CHUNK_ROWS", "1")
    api, run = deliver(lambda api, asked: (422, None), refusals=Refusals((422,)), rows="$")
    monkeypatch.setattr("egress.kinds.rest.sender.MARK_ROWS", 1)
    assert run() == 1
    assert "error: `made` refuses 3 of 3 rows, more than 2 and than 50%" in capfd.readouterr().err
    assert len(api.asked) == 3


@DUCKDB_ONLY
def test_column_that_the_model_lacks(deliver: Callable[..., Any], capfd: Any) -> None:
    """A declared column that is not there is named before anything is sent."""
    api, run = deliver(fine, path="/rows/{nr}", fields={"a": "contact_id", "b": "phone"})
    assert run() == 2
    assert "`egress.contacts` lacks columns that `made` sends: `nr, phone`" in capfd.readouterr().err
    assert api.asked == []


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"method": "GET"}, "method `GET`"),
        ({"path": "rows"}, "path `rows`"),
        ({"path": "/a/{contact_id}", "rows": "$"}, "a path for single rows"),
        ({"mode": "mirror"}, "`mirror` and `delete`"),
        ({"delete": Delete("/a/{contact_id}")}, "`mirror` and `delete`"),
        ({"mode": "mirror", "delete": Delete("/a/{email}")}, "by another column than the key"),
        ({"beside": {"a": 1}}, "`beside`"),
        ({"rows": "a", "beside": {"a.b": 1}}, "no body has such a field: `a.b`"),
        ({"fields": {"a": "contact_id", "a.b": "email"}}, "no body has such a field: `a.b`"),
        ({"at_once": 99}, "`at_once` 99"),
        ({"per_second": 0.0}, "`per_second` 0.0"),
        ({"chunk_rows": 0}, "`chunk_rows` 0"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_declaration_that_contradicts_itself(declared: dict[str, Any], said: str) -> None:
    """A declaration that cannot be meant is refused where it is made."""
    with pytest.raises(ConfigurationError, match=said.replace("{", r"\{")):
        Rest("made", MODEL, settings="MADE", **{"path": "/rows", **declared})


@DUCKDB_ONLY
def test_one_body_at_two_paths(deliver: Callable[..., Any], contacts: Sql) -> None:
    """Rows that have one body and a path each are no repetitions of one another."""
    api, run = deliver(fine, path="/rows/{contact_id}", method="PUT", fields={"name": "surname"})
    assert run() == 0
    assert len({each.body for each in api.asked}) == 1
    assert len({each.headers["idempotency-key"] for each in api.asked}) == CONTACTS


@DUCKDB_ONLY
def test_mirror_by_a_date(deliver: Callable[..., Any], contacts: Sql, capfd: pytest.CaptureFixture[str]) -> None:
    """A row that would be asked for by another text than it was sent under is not deleted by chance: it is an error."""
    contacts("create or replace table egress.contacts as select current_date as contact_id")
    api, run = deliver(fine, path="/rows/{contact_id}", mode="mirror", delete=Delete("/rows/{contact_id}"))
    assert run() == 2
    assert "deletes by a key that can be written in several ways: `contact_id`" in capfd.readouterr().err
    assert api.asked == []


@DUCKDB_ONLY
@pytest.mark.parametrize("sort", ["timestamp", "timestamptz"])
def test_rows_keyed_by_a_time(deliver: Callable[..., Any], contacts: Sql, sort: str) -> None:
    """An answer names a row as it was sent, which SQL writes otherwise; its entry is found again once it is taken."""
    contacts(
        f"create or replace table egress.contacts as select cast('2026-01-0' || i || ' 10:00:00+00' as {sort}) "
        "as contact_id, i as visits from generate_series(1, 3) as numbers (i)"
    )

    def by_name(api: Api, asked: Asked) -> Reply:
        said = [{"id": row["contact_id"], "status": "ok" if row["visits"] != 2 else "bad"} for row in asked.json()]
        return 200, {"rows": said}

    answers = Answers("rows", key="id", taken=("ok",), refused=("bad",))
    api, run = deliver(by_name, rows="$", answers=answers)
    assert run() == 0
    assert [len(each.json()) for each in api.asked] == [3]
    assert len(contacts(OPEN)) == 1
    contacts("update egress.contacts set visits = 4 where visits = 2")
    assert run() == 0
    assert [len(each.json()) for each in api.asked] == [3, 1]
    assert contacts(OPEN) == []
