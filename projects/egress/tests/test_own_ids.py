"""APIs that name rows by ids of their own: kept from the answer to a create, and used from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from apis import Api, Asked, Reply, serving
from conftest import DUCKDB_ONLY, Egress, Sql
from contacts import CONTACTS, MAKE_CONTACTS
from test_targets import module_of

from egress.engine.models import Model
from egress.kinds.rest.declared import LOCATION, Delete, Find, OwnId, Refusals
from egress.kinds.rest.own_ids import LOST
from egress.kinds.rest.target import Rest
from shared.errors import ConfigurationError

OWN_ID = OwnId("data.id", "/contacts/{own_id}", method="PUT")
TARGET = Rest(
    "made",
    Model("egress.contacts", key="contact_id"),
    settings="MADE",
    path="/contacts",
    own_id=OWN_ID,
    refusals=Refusals((422,), reason="error"),
    mode="mirror",
    delete=Delete("/contacts/{own_id}"),
)
FIND = replace(TARGET, idempotency=None, own_id=replace(OWN_ID, find=Find("/contacts?key={contact_id}", "0.id")))
IDS = "select row_key, target_id from ops.delivery where target = 'made' and target_id is not null order by 1"
Use = Callable[[Rest], None]
# The numbers that were given, by API and the key of the request.
MADE: dict[str, int] = {}


def reply(api: Api, asked: Asked) -> Reply:
    """Give each new row a number, by which alone it is taken; a request with a known key is answered as before."""
    number = asked.path.rpartition("/")[2]
    if asked.method == "GET":
        key = asked.path.partition("=")[2]
        return 200, [{"id": int(name)} for name, each in api.rows.items() if each["contact_id"] == key]
    if asked.method == "DELETE":
        return (204 if api.rows.pop(number, None) else 404), None
    if asked.method == "PUT":
        if number not in api.rows:
            return 410, None
        api.rows[number] = asked.json()
        return 200, None
    known = asked.headers.get("idempotency-key", f"none {len(MADE)}")
    number = str(MADE.setdefault(f"{api.url} {known}", 100 + len(MADE)))
    api.rows[number] = asked.json()
    return 201, {"data": {"id": int(number)}}


@pytest.fixture
def api(sql: Sql, transform: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """Serve an API with ids of its own beside a warehouse with contacts."""
    transform(MAKE_CONTACTS)
    with serving(reply) as api:
        monkeypatch.setenv("MADE_API_URL", api.url)
        monkeypatch.setenv("MADE_TRIES", "1")
        yield api


@pytest.fixture
def use(api: Api, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Let egress have this target and no other."""
    return lambda target: monkeypatch.setattr("egress.cli.all_targets", lambda: {target: module_of(target)})


def test_rows_are_known_by_the_ids_of_the_api(use: Use, api: Api, egress: Egress, sql: Sql) -> None:
    """What was created is updated and deleted by the id that the API gave it; what it has no more is created again."""
    use(TARGET)
    assert egress("run") == 0
    assert set(api.calls()) == {"POST /contacts"}
    ids: dict[str, str] = dict(sql(IDS))
    assert {number: row["contact_id"] for number, row in api.rows.items()} == {ids[key]: key for key in ids}
    api.asked.clear()
    sql("update egress.contacts set email = 'new@example.org' where contact_id in ('K/1', 'K/2')")
    sql("delete from egress.contacts where contact_id = 'K/4'")
    del api.rows[ids["K/2"]]
    assert egress("run") == 0
    one, two, four = (ids[key] for key in ("K/1", "K/2", "K/4"))
    assert api.calls() == [f"DELETE /contacts/{four}", f"PUT /contacts/{one}", f"PUT /contacts/{two}", "POST /contacts"]
    assert len(api.rows) == CONTACTS - 1
    found: dict[str, str] = dict(sql(IDS))
    assert (found["K/1"], "K/4" in found) == (one, False)
    assert api.rows[found["K/2"]]["email"] == "new@example.org"
    api.asked.clear()
    assert egress("run") == 0
    assert api.calls() == []


@DUCKDB_ONLY
@pytest.mark.parametrize("target", [TARGET, FIND], ids=["by the request's key", "by a search"])
def test_create_whose_answer_was_lost(target: Rest, use: Use, api: Api, egress: Egress, sql: Sql) -> None:
    """A row whose id nobody saw is not made twice: its request is known again, or the row is looked for first."""
    use(target)
    true = api.reply

    def losing(api: Api, asked: Asked) -> Reply:
        status, said = true(api, asked)
        return (503, None) if asked.method == "POST" and len(api.rows) == 3 else (status, said)

    api.reply = losing
    assert egress("run") == 1
    assert (len(api.rows), len(sql(IDS))) == (3, 2)
    api.reply = true
    assert egress("run") == 0
    assert (len(api.rows), len(sql(IDS))) == (CONTACTS, CONTACTS)
    assert sorted(api.rows) == sorted(number for _, number in sql(IDS))


@DUCKDB_ONLY
@pytest.mark.parametrize("data", [None, {}, {"id": None}, {"id": True}, {"id": 1.5}, {"id": ""}, {"id": "x" * 201}])
def test_answer_without_an_id(
    data: Any, use: Use, api: Api, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """An answer to a create that has no id, or none that can be, confirms nothing and ends the run."""
    use(TARGET)
    api.reply = lambda api, asked: (201, {"data": data})
    assert egress("run") == 1
    assert "the API's answer cannot be understood" in capfd.readouterr().err
    assert sql("select count(*) from ops.delivery") == [(0,)]


@DUCKDB_ONLY
def test_rows_from_before_ids_were_declared(use: Use, api: Api, egress: Egress, sql: Sql) -> None:
    """Of a row that was sent without its id being kept none is made beside it: it waits, or is found where declared."""
    use(replace(TARGET, own_id=None, mode="upsert", delete=None))
    assert egress("run") == 0
    sql("update egress.contacts set email = 'new@example.org' where contact_id = 'K/1'")
    use(TARGET)
    assert egress("run") == 0
    assert len(api.rows) == CONTACTS
    ((reason,),) = sql("select reason from ops.quarantine where resolved_at is null")
    assert "under which id is not known" in reason
    use(FIND)
    assert egress("run", "--retry-rejected") == 0
    assert len(api.rows) == CONTACTS
    assert [key for key, _ in sql(IDS)] == ["K/1"]
    assert sql("select count(*) from ops.quarantine where resolved_at is null") == [(0,)]


@DUCKDB_ONLY
def test_refused_update_keeps_the_id(use: Use, api: Api, egress: Egress, sql: Sql) -> None:
    """A row that the API refuses to change waits, and is still known by its id; a refused search ends the run."""
    use(TARGET)
    assert egress("run") == 0
    before = sql(IDS)
    sql("update egress.contacts set email = 'bad' where contact_id = 'K/1'")
    api.fault = lambda asked: (422, {"error": "no such domain"}) if asked.method == "PUT" else None
    assert egress("run") == 0
    assert sql(IDS) == before
    assert sql("select reason from ops.quarantine where resolved_at is null") == [("422: no such domain",)]
    use(FIND)
    sql("insert into egress.contacts values ('K/99', 'a@example.org', 'x', 'Ann', 'Smith', 1)")
    api.fault = lambda asked: (403, None) if asked.method == "GET" else None
    assert egress("run") == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"idempotency": None}, "may make a row twice"),
        ({"rows": "contacts"}, "`own_id` for requests with several rows"),
        ({"mode": "insert_only", "delete": None}, "`own_id` with mode `insert_only`"),
        ({"own_id": OwnId("id", "/contacts/{contact_id}")}, "updates at a path without the API's id"),
        ({"own_id": OwnId("id", "/c/{own_id}", find=Find("/c?e={email}", "id"))}, "`find` by something else"),
        ({"path": "/contacts/{own_id}"}, "a create at a path with {own_id}"),
        ({"own_id": None}, "`delete` by another column than the key"),
    ],
)
def test_declarations_that_cannot_be(wrong: dict[str, Any], said: str) -> None:
    """A declaration by which rows would be doubled, or a call could not be made, is refused by name."""
    with pytest.raises(ConfigurationError) as raised:
        replace(TARGET, **wrong)
    assert said in raised.value.message


@DUCKDB_ONLY
def test_row_that_is_there_is_named_by_the_refusal(use: Use, api: Api, egress: Egress, sql: Sql) -> None:
    """The id of a new row may end the address in a header; where 409 names the row that is there, it is updated."""

    def standard(api: Api, asked: Asked) -> Reply:
        if asked.method != "POST":
            return reply(api, asked)
        key = asked.json()["contact_id"]
        there = [name for name, each in api.rows.items() if each["contact_id"] == key]
        if there:
            return 409, {"errors": [{"meta": {"duplicate": there[0] if key != "K/2" else "gone"}}]}
        name = f"7 {len(api.rows)}"
        api.rows[name] = asked.json()
        api.headers["Location"] = f"https://elsewhere/contacts/7%20{len(api.rows) - 1}/?of=x"
        return 201, None

    api.reply = standard
    api.rows |= {"old": {"contact_id": "K/1"}, "older": {"contact_id": "K/2"}}
    how = replace(OWN_ID, id=LOCATION, there="errors.0.meta.duplicate")
    use(replace(TARGET, idempotency=None, own_id=how))
    assert egress("run") == 0
    ids: dict[str, str] = dict(sql(IDS))
    assert ids.pop("K/1") == "old"
    assert {api.rows[name]["contact_id"] for name in ids.values()} == ids.keys()
    assert api.rows["old"]["surname"] == "Smith"
    assert sql("select reason from ops.quarantine") == [(LOST,)]
    sql("update egress.contacts set surname = 'Jones' where contact_id = 'K/7'")
    assert egress("run") == 0
    assert api.rows[ids["K/7"]]["surname"] == "Jones"
