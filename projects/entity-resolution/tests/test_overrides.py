"""What people decide of single values: it outlives runs and follows entities, and its values are told nowhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date

import pytest
from conftest import Platform, party, table_of, training_alone
from test_few_parties import ANNA, BORIS

from entity_resolution.engine.golden import overrides
from entity_resolution.engine.master import MIGRATIONS, registry
from entity_resolution.engine.registry import make_registry
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from shared.errors import UserError
from shared.warehouse import Warehouse, open_warehouse
from shared.warehouse.migrations import migrate

SECRET = "Zółkiewska-Ng'ang'a 100%"
HISTORY = registry(CUSTOMER).history


def decide(platform: Platform, *arguments: str) -> str:
    """Run `override` for a customer, which must succeed, and return what it says."""
    finished = platform.run("override", "customer", *arguments)
    assert finished.code == 0, finished.err
    return finished.out + finished.err


def test_value_of_a_person(again: Platform) -> None:
    """It is in the golden record at once and named as a person's, outlives runs, and goes when it is cleared.

    The value is on no screen, in no log and nowhere in the ledger.
    """
    before = again.master()
    ((entity_id, other_id),) = again.fetch("select min(entity_id), max(entity_id) from master.golden_customer")
    told = decide(again, entity_id, "surname", SECRET, "--reason", "her letter of 3 May", "--by", "ada")
    expected = again.master()
    assert expected["golden"] != before["golden"]
    names = f"select surname from master.golden_customer where entity_id = '{entity_id}'"
    rule = "select field, source_system, source_id from master.customer_provenance where rule = 'person'"
    assert (again.fetch(names), again.fetch(rule)) == ([(SECRET,)], [("surname", None, None)])
    assert "nothing new" in again.resolve().err
    told += again.resolve("--full").err
    assert again.master() == expected
    told += decide(again)
    assert f"{entity_id} surname: applied (ada, " in told
    assert "her letter of 3 May" in told
    told += str(again.fetch("select command, error from ops.run") + again.fetch("select version from ops.run_version"))
    told += "".join(file.read_text() for file in (again.data_dir / "logs").rglob("*") if file.is_file())
    assert "run started" in told
    assert SECRET[:5] not in told
    assert again.run("override", "customer", other_id, "surname", "--clear").code == 2
    decide(again, entity_id, "surname", "--clear")
    assert again.master() == before
    assert "nothing new" in again.resolve().err


def test_value_follows_its_entity(platform: Platform) -> None:
    """It counts for whom its entity was merged into, for its entity again once that is back, and is told where not."""
    apart = [party("crm:C-1", **ANNA), party("loyalty:L-1", **BORIS)]
    platform.put(table_of(apart)).resolve()
    ids = dict(platform.fetch("select party_id, entity_id from master.customer_xref"))
    decide(platform, ids["crm:C-1"], "given_name", "anneliese", "--reason", "a call")
    decide(platform, ids["loyalty:L-1"], "date_of_birth", "1962-12-01", "--reason", "a letter")
    golden = "select given_name, date_of_birth from master.golden_customer order by 1"
    decided = [("anneliese", ANNA["date_of_birth"]), ("boris", date(1962, 12, 1))]
    assert platform.fetch(golden) == decided
    merged = platform.put(table_of([apart[0], party("loyalty:L-1", **ANNA)])).resolve().err
    assert platform.fetch(golden) == [("anneliese", date(1962, 12, 1))]
    ((present,),) = platform.fetch("select entity_id from master.golden_customer")
    (ended,) = set(ids.values()) - {present}
    assert f"of `{ended}`: applied to `{present}`, into which the entity was merged" in merged
    # Of an id that was merged a decision is made of whom it was merged into.
    assert f"into which `{ended}` was merged" in decide(platform, ended, "surname", "kellermann", "--reason", "a call")
    decide(platform, present, "surname", "--clear")
    platform.put(table_of(apart)).resolve()
    assert platform.fetch(golden) == decided
    gone = platform.put(table_of(apart[:1])).resolve().err
    assert f"override of `date_of_birth` of `{ids['loyalty:L-1']}`: not applied: the entity's records are gone" in gone
    assert platform.fetch(golden) == decided[:1]
    assert platform.run("override", "customer", ids["loyalty:L-1"], "surname", "x", "--reason", "y").code == 2


@pytest.fixture
def warehouse(platform: Platform) -> Iterator[Warehouse]:
    """Return a warehouse in which ids lead to others, and values of some were decided.

    `a` and `b` are there; `a` took in `m` and `n`; `s` was split into `a` and `b`; `r` is retired.
    """
    with open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse:
        migrate(warehouse, MIGRATIONS)
        make_registry(warehouse, registry(CUSTOMER))
        warehouse.execute(
            f"insert into {HISTORY} (entity_id, present_id, status, given_in) values ('a', 'a', 'present', 0), "
            "('b', 'b', 'present', 0), ('m', 'a', 'merged', 0), ('n', 'a', 'merged', 0), "
            "('s', 'a', 'split', 0), ('s', 'b', 'split', 0), ('r', null, 'retired', 0)"
        )
        yield warehouse


def put(warehouse: Warehouse, *decided: tuple[str, str, str]) -> None:
    """Enter what was decided: ids, fields and values, one after the other."""
    for entity_id, field, value in decided:
        overrides.put(warehouse, CUSTOMER, entity_id, field, value, ("reason", "ada", "run"))


def test_what_becomes_of_each(warehouse: Warehouse) -> None:
    """One's own value goes before that of who was merged into one, a later before an earlier, a split gives none."""
    put(warehouse, ("a", "surname", "own"), ("m", "surname", "of m"), ("m", "suburb", "early"), ("n", "suburb", "late"))
    put(warehouse, ("s", "state", "vic"), ("r", "state", "wa"), ("b", "colour", "green"), ("b", "state", "sa"))
    assert overrides.make_applied(warehouse, CUSTOMER, HISTORY, "applied") == ["state", "suburb", "surname"]
    assert warehouse.fetch("select entity_id, field, value from applied order by 1, 2") == [
        ("a", "suburb", "late"),
        ("a", "surname", "own"),
        ("b", "state", "sa"),
    ]
    fates = {(each.entity_id, each.field): each.fate(CUSTOMER) for each in overrides.read(warehouse, CUSTOMER, HISTORY)}
    assert fates == {
        ("a", "surname"): "applied",
        ("b", "colour"): "not applied: the field is declared no more",
        ("b", "state"): "applied",
        ("m", "suburb"): "not applied: the entity was merged into `a`, of which another value was decided",
        ("m", "surname"): "not applied: the entity was merged into `a`, of which another value was decided",
        ("n", "suburb"): "applied to `a`, into which the entity was merged",
        ("r", "state"): "not applied: the entity's records are gone; it counts again if they come back",
        ("s", "state"): "not applied: the entity was split into `a`, `b`; decide for the one that is meant",
    }
    assert len(overrides.notes(warehouse, CUSTOMER, HISTORY)) == 6


def test_value_of_another_type(warehouse: Warehouse) -> None:
    """A value that the field cannot hold, decided while its type was another, ends the run without being shown."""
    put(warehouse, ("a", "date_of_birth", SECRET))
    warehouse.execute("create temporary table golden (entity_id varchar, date_of_birth date)")
    warehouse.execute("insert into golden values ('a', null)")
    assert overrides.make_applied(warehouse, CUSTOMER, HISTORY, "applied") == ["date_of_birth"]
    with pytest.raises(UserError, match="no value of its type: `date_of_birth`, date") as caught:
        overrides.apply(warehouse, "golden", "applied", "date_of_birth", "date")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["E-none", "surname", SECRET, "--reason", "x"], "there is no `customer` of this id"),
        ([SECRET, "surname", "E-none", "--reason", "x"], "there is no `customer` of this id"),
        (["ID", SECRET, "surname", "--reason", "x"], "the golden records of `customer` have no such field"),
        (["ID", "date_of_birth", SECRET, "--reason", "x"], "what was decided of a field is no value of its type"),
        (["ID", "surname", "", "--reason", "x"], "not a value of 1 to 10,000 characters"),
        (["ID", "surname", SECRET], "there is no reason of 1 to 500 characters"),
        (["ID", "surname", SECRET, "and", "more", "--reason", "x"], "not as many arguments as it takes"),
        (["ID", "--reason", "x", "surname", SECRET], "unrecognized arguments: of `override`"),
        (["ID", "surname", "--clear"], "nothing was decided of this id and field"),
    ],
)
@training_alone
def test_what_cannot_be_decided(resolved_sample: Platform, arguments: list[str], message: str) -> None:
    """What cannot be is the user's mistake, is not entered, and what may be the value is not shown."""
    ((entity_id,),) = resolved_sample.fetch("select min(entity_id) from master.golden_customer")
    finished = resolved_sample.run("override", "customer", *(each.replace("ID", entity_id) for each in arguments))
    assert (finished.code, f"error: {message}" in finished.err, "hint: " in finished.err) == (2, True, True)
    assert (SECRET[:5] in finished.err + finished.out, "Traceback" in finished.err) == (False, False)
    assert resolved_sample.fetch("select count(*) from master.entity_override") == [(0,)]


@training_alone
def test_value_from_standard_input(again: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `-` the value comes from standard input; with something else new the next run brings it to the record."""
    ((entity_id,),) = again.fetch("select min(entity_id) from master.golden_customer")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    again.environment["ENTITY_MATCH_THRESHOLD"] = "0.9"
    assert "`./pixiw run resolve` brings it" in decide(again, entity_id, "surname", "-", "--reason", "a letter")
    names = "select entity_id from master.golden_customer where surname = " + "'" + SECRET.replace("'", "''") + "'"
    assert again.fetch(names) == []
    again.resolve()
    assert again.fetch(names) == [(entity_id,)]
