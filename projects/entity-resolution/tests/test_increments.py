"""Increments: only what has changed is linked, and master is what linking everything would have made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from conftest import Platform, Platforms, table_of, training_alone
from party_changes import Parties

from entity_resolution.engine.frequencies import Frequencies
from entity_resolution.engine.in_memory import session_in
from entity_resolution.engine.increments import increment, relinking
from entity_resolution.engine.linking.linking import linker_of
from entity_resolution.engine.model_store import ModelStore
from entity_resolution.engine.tables import PARTIES
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from entity_resolution.opening import open_workplace
from shared.warehouse import open_warehouse

STEPS, CHANGES = 5, 12
ALONE, ALL = "records are new or changed", "all records are linked"
Rows = list[dict[str, Any]]


@pytest.fixture
def whole(platforms: Platforms, again: Platform, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """Return a platform that is where `again` is, to link everything on."""
    return platforms.new(tmp_path_factory.mktemp("whole"), again.engine, again)


def test_an_increment_comes_to_what_linking_everything_does(
    again: Platform, whole: Platform, sample: pa.Table, febrl: pa.Table
) -> None:
    """After each of several random changes both have the same entities, ids, events, golden records and figures."""
    parties = Parties(sample.to_pylist(), febrl.slice(400, 100).to_pylist(), seed=1)
    for _ in range(STEPS):
        now = table_of(parties.step(CHANGES))
        assert ALONE in again.put(now).resolve().err
        assert ALONE not in whole.put(now).resolve("--full").err
        assert again.master() == whole.master()
    happened = {event for (event,) in again.fetch("select distinct event from master.customer_event")}
    assert happened == {"created", "grown", "shrunk", "merged", "split", "retired"}


def test_only_what_was_decided_again_is_written(again: Platform, sample: pa.Table) -> None:
    """Rows of entities that a change does not touch keep their run."""
    rows = sample.to_pylist()
    rows[0]["given_name"] = "philomena"
    again.put(table_of(rows)).resolve()
    for table, by_run in {"customer_xref": [(2,), (398,)], "golden_customer": [(1,), (200,)]}.items():
        assert again.fetch(f"select count(*) as n from master.{table} group by run_id order by n") == by_run


def test_an_entity_that_is_gone_alone(again: Platform, sample: pa.Table) -> None:
    """Where all records of an entity go and nothing else happens, it retires and nothing is linked."""
    ((entity,),) = again.fetch(
        "select distinct entity_id from master.customer_xref where party_id in "
        f"{tuple(sample['party_id'].to_pylist()[:2])!r}"
    )
    assert "0 of 398 records are new or changed, 2 are gone" in again.put(sample.slice(2)).resolve().err
    events = again.fetch("select entity_id, event from master.customer_event order by revision desc limit 1")
    assert events == [(entity, "retired")]
    assert again.fetch(f"select count(*) from master.golden_customer where entity_id = '{entity}'") == [(0,)]


@training_alone
def test_who_held_others_together_has_gone(again: Platform, sample: pa.Table) -> None:
    """Two records that only a third one joined are two entities once that has gone."""
    (first, *others) = sample.to_pylist()
    address = dict.fromkeys(("street_number", "address_1", "address_2", "suburb", "postcode", "state"))
    rows = {
        "crm:by-name": {**first, **address},
        "crm:whole": first,
        "crm:by-address": {**first, "surname": None, "date_of_birth": None},
    }
    named = [{**row, "party_id": name, "source_id": name.removeprefix("crm:")} for name, row in rows.items()]
    entities = "select count(distinct entity_id) from master.customer_xref where party_id in {}"
    for three, expected in ((named, 1), ([named[0], named[2]], 2)):
        assert ALONE in again.put(table_of([*others[1:], *three])).resolve().err
        assert again.fetch(entities.format(tuple(row["party_id"] for row in three))) == [(expected,)]


def test_a_record_that_is_there_twice(again: Platform, sample: pa.Table) -> None:
    """Two new records with one id are refused by name, as they are where everything is linked, and master stays."""
    before, twin = again.master(), {**sample.to_pylist()[0], "party_id": "crm:twin", "source_id": "twin"}
    finished = again.put(table_of([*sample.to_pylist(), twin, twin])).run("run")
    assert (finished.code, "parties without an id, or with that of another one: `1`" in finished.err) == (2, True)
    assert again.master() == before


def fillers(rows: Rows, patch: pytest.MonkeyPatch) -> None:
    """Let some records have a name that stands for nothing."""
    for row in rows[:8]:
        row["surname"] = "unknown"


def common(rows: Rows, patch: pytest.MonkeyPatch) -> None:
    """Let some records share what a rule looks for, and a few be too many."""
    patch.setattr(relinking, "PAIRS_OF_A_VALUE", 5)
    for row in rows[:8]:
        row["date_of_birth"] = rows[0]["date_of_birth"]


def many(rows: Rows, patch: pytest.MonkeyPatch) -> None:
    """Let a fifth of the records be gone, and one more."""
    del rows[: int(increment.MOST_CHANGED * len(rows)) + 1]


@training_alone
@pytest.mark.parametrize(
    ("change", "why"),
    [(fillers, "values stand for nothing"), (common, "too common for a rule"), (many, "more than 20% of them")],
)
def test_what_one_change_makes_of_all_others(
    again: Platform,
    sample: pa.Table,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Rows, pytest.MonkeyPatch], None],
    why: str,
) -> None:
    """Where a change bears upon other records, or there are too many, all are linked, and it says why."""
    rows = sample.to_pylist()
    change(rows, monkeypatch)
    said = again.put(table_of(rows)).resolve().err
    assert f"{ALL}: " in said
    assert why in said


@training_alone
def test_a_value_that_others_have_in_another_column(
    again: Platform, sample: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a rule across two columns all who have a value in either count: so many pairs are too many, one fewer not."""
    monkeypatch.setattr(relinking, "PAIRS_OF_A_VALUE", 4)
    rows = sample.to_pylist()
    for row in rows[:3]:
        row.update(surname="zyxel", postcode="0999")
    for row in rows[3:5]:
        row.update(given_name="zyxel", postcode="0999")
    assert ALL not in again.put(table_of(rows)).resolve().err
    rows[5].update(given_name="zyxel", postcode="0999")
    assert "too common for a rule" in again.put(table_of(rows)).resolve().err


@training_alone
def test_a_rare_name_weighs_what_it_did_in_the_training(again: Platform, sample: pa.Table) -> None:
    """A pair has the same weight whether all records are there or the two alone, among which no name is rare."""
    couple = set(sample["party_id"].to_pylist()[:2])
    among_all = weights(again)
    assert {pair: weight for pair, weight in among_all.items() if pair == couple} == weights(
        again.put(sample.slice(0, 2))
    )


def weights(platform: Platform) -> dict[frozenset[str], float]:
    """Return the weights of the pairs that the model in use finds among the parties of now."""
    with (
        open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse,
        open_workplace(warehouse, platform.settings, CUSTOMER) as workplace,
        workplace.session() as connection,
    ):
        model = ModelStore(warehouse, CUSTOMER.name).current()
        assert model is not None
        linker, _, _ = linker_of(session_in(connection, CUSTOMER), model)
        pairs = linker.inference.predict().physical_name
        rows = connection.sql(f"select party_id_l, party_id_r, match_weight from {pairs}").fetchall()
    return {frozenset((left, right)): weight for left, right, weight in rows}


def test_what_a_model_keeps_of_values() -> None:
    """Those that several records share are kept by a hash, of others the mean; one never seen is as rare as these."""
    with duckdb.connect() as connection:

        def ask(statement: str) -> list[tuple[Any, ...]]:
            return connection.execute(statement).fetchall()

        ask(f"create table {PARTIES} as select unnest(['ann', 'ann', 'ann', 'bob', 'bob', 'cyd', 'dee', null]) as name")
        learned = Frequencies.of(ask, "name")
        assert (learned.records, learned.others, sorted(learned.kept.values())) == (7, 1.0, [2, 3])
        assert "ann" not in repr(learned)
        ask(f"create or replace table {PARTIES} as select unnest(['ann', 'ann', 'eve', null]) as name")
        assert sorted(ask(learned.query("name", PARTIES))) == [("ann", 3 / 7), ("eve", 1 / 7)]


@training_alone
def test_another_threshold_is_for_all(again: Platform, sample: pa.Table) -> None:
    """With another setting than that of the last run everything is linked, also where few records have changed."""
    again.environment["ENTITY_MATCH_THRESHOLD"] = "0.9"
    said = again.put(sample.slice(1)).resolve().err
    assert ALONE not in said


def test_one_source_without_duplicates_is_for_all() -> None:
    """Of an entity of which a source has each thing once at most everything is linked, and it says why."""
    parties = CUSTOMER.parties.__class__(**{**vars(CUSTOMER.parties), "duplicate_free": ("crm",)})
    entity = CUSTOMER.__class__(**{**vars(CUSTOMER), "parties": parties})
    assert "without duplicates" in increment.obstacle(entity, 1, 100)
