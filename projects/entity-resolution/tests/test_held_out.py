"""What is held out, so that a run stands on values that say something, and ends: fillers, and blocks too large."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from conftest import Finished, Platform, party, table_of, training_alone

from entity_resolution.engine.blocking.bounds import bounded, count
from entity_resolution.engine.blocking.budget import budget, within_budget
from entity_resolution.engine.blocking.rules import Rule, rules_of
from entity_resolution.engine.fillers import Fillers, hold_out
from entity_resolution.engine.tables import FORMED, PARTIES, Ask
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from entity_resolution.kinds import Block, same, swapped

# Couples that make more pairs than a value may, if they share it.
COUPLES = 550
DAY = date(1975, 5, 5)
Rows = list[dict[str, Any]]


NOBODY = {"given_name": "Unknown", "surname": "unknown", "date_of_birth": date(1900, 1, 1)}


def resolved(platform: Platform, rows: Rows, truth: Path, told: str) -> Finished:
    """Resolve, and see that it is told in warning, summary and ledger, and that other evidence joins the couples."""
    finished = platform.put(table_of(rows)).resolve("--truth", str(truth))
    assert f"warning: {told}" in finished.err
    assert f"customer {told}" in finished.out
    ((detail,),) = platform.fetch("select detail from ops.run_output where relation = 'master.customer_xref'")
    assert any(told in remark for remark in json.loads(detail)["held_out"])
    assert "quirk" not in finished.out + finished.err + detail
    measures = platform.measures()
    assert measures["largest_entity"] <= 4
    assert measures["precision"] >= 0.98
    assert measures["recall"] >= 0.95
    return finished


@pytest.fixture(scope="session")
def couples(febrl: pa.Table) -> Rows:
    """Return so many couples that a value of all of them makes too many pairs."""
    rows: Rows = febrl.slice(0, 2 * COUPLES).to_pylist()
    return rows


def test_all_have_one_name(platform: Platform, couples: Rows, truth: Path) -> None:
    """A name that all records share is skipped by the rule that would make half a million pairs of it."""
    rows = [row | {"given_name": "marlene", "surname": "quirk"} for row in couples]
    told = "rule `given_name, surname` of linking skips 1 values, of 1,100 records at most"
    resolved(platform, rows, truth, told)


@training_alone
def test_all_have_one_date(platform: Platform, couples: Rows, truth: Path) -> None:
    """So is a date of birth."""
    rows = [row | {"date_of_birth": DAY} for row in couples]
    finished = resolved(platform, rows, truth, "rule `date_of_birth` of linking skips 1 values, of 1,100 records")
    assert "1975" not in finished.out + finished.err


@training_alone
def test_most_have_one_date(platform: Platform, couples: Rows, truth: Path) -> None:
    """A date that three of five share and the others do not explain is a filler, and is named."""
    rows = [row | ({"date_of_birth": DAY} if place // 2 % 5 < 3 else {}) for place, row in enumerate(couples)]
    resolved(platform, rows, truth, "date_of_birth: `1975-05-05` of 660 records stands for nothing")


def test_placeholders(platform: Platform, couples: Rows, truth: Path) -> None:
    """Records of nobody stay apart, golden records keep their values, and the model holds them out again."""
    addresses = zip(range(400), couples, couples[7:], couples[21:], strict=False)
    nobodies = [
        party(f"crm:X-{n}", **NOBODY, address_1=one["address_1"], suburb=two["suburb"], postcode=three["postcode"])
        for n, one, two, three in addresses
    ]
    resolved(platform, couples + nobodies, truth, "given_name: `unknown` of 400 records stands for nothing and is not")
    kept = "select count(*) from master.golden_customer where given_name = 'Unknown' and date_of_birth is not null"
    assert platform.fetch(kept) == [(400,)]
    model = json.loads((platform.model_folder / "model-1.json").read_text())
    assert model["fillers"]["surname"] == {"unknown": 400}
    # Too few to be found by themselves.
    platform.put(table_of(party(f"crm:{n}", **NOBODY, suburb="carlton") for n in range(3))).resolve()
    assert platform.measures()["entities"] == 3


@pytest.fixture
def ask() -> Ask:
    """Return what asks a database in memory."""
    connection = duckdb.connect()
    return lambda sql: connection.execute(sql).fetchall()


def held_out(ask: Ask, rows: Rows, **declared: Any) -> Fillers:
    """Return what is held out of such parties, who have no more columns than these."""
    lacking = "".join(f", cast(null as varchar) as {name}" for name in CUSTOMER.forms if name not in rows[0])
    given = " union all ".join(
        "select " + ", ".join(f"nullif('{value}', '') as {name}" for name, value in row.items()) for row in rows
    )
    keys = "'' as party_id, '' as source_system, '' as source_id"
    ask(f"create table {FORMED} as select {keys}, *{lacking} from ({given})")
    return hold_out(ask, replace(CUSTOMER, **declared), {}, {})


def people(number: int, **others: str) -> Rows:
    """Return records that differ in all but what is said."""
    days = [str(date(1940, 1, 1) + timedelta(days=7 * place)) for place in range(number)]
    return [
        {"given_name": f"name{place % 90}", "surname": f"surname{place}", "suburb": f"town{place % 70}"}
        | {"date_of_birth": days[place], "state": "vic"}
        | others
        for place in range(number)
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (people(300) + people(60, given_name="kunde"), {"given_name": {"kunde": 60}}),
        (people(300) + people(60, date_of_birth="1988-08-08"), {"date_of_birth": {"1988-08-08": 60}}),
        (people(300) + people(5, surname="n/a"), {"surname": {"n/a": 5}}),
        (people(300) + people(5, street_number="000"), {"street_number": {"000": 5}}),
        (people(900) + people(90, suburb="melbourne"), {}),
        (people(900) + people(60, surname="smith") + people(20, surname="jones"), {}),
        (people(300) + people(200, state="nsw"), {}),
        (people(300) + people(4, surname="unknown"), {}),
        (people(300) + [people(1)[0] | {"given_name": "anna", "date_of_birth": "1950-02-03"}] * 60, {}),
    ],
    ids=["house-word", "house-date", "word", "zeros", "big-town", "smith", "states", "few", "one-person-often"],
)
def test_fillers(ask: Ask, rows: Rows, expected: Fillers) -> None:
    """Words for nothing and what stands out from its column are held out; frequent values and one person's are not."""
    columns = sorted({name for row in rows for name in row})
    assert held_out(ask, [{name: row.get(name, "") for name in columns} for row in rows]) == expected
    for column, values in expected.items():
        listed = ", ".join(f"'{value}'" for value in values)
        assert ask(f"select count(*) from {PARTIES} where {column} in ({listed})") == [(0,)]


def test_fillers_by_declaration(ask: Ask) -> None:
    """What an entity declares of a column goes before what would be found."""
    rows = people(300) + people(60, given_name="kunde", surname="unknown")
    declared = {"given_name": (), "suburb": ("town7",)}
    assert held_out(ask, rows, fillers=declared) == {"surname": {"unknown": 60}, "suburb": {"town7": 6}}


@pytest.mark.parametrize(
    ("blocks", "most"),
    [((same("a"),), 20), ((same("a", "b"),), 1), ((same("b", start=1),), 500), (swapped("a", "b", within="c"), 10)],
    ids=["one", "two", "start", "swapped"],
)
def test_pairs_are_counted(ask: Ask, blocks: tuple[Block, ...], most: int) -> None:
    """Pairs are counted as joining would make them, without those of what is skipped."""
    ask(
        f"create table {PARTIES} as select i, nullif('x' || cast(floor(sqrt(i)) as integer), 'x5') as a, "
        "'x' || i % 5 as b, 'c' || i % 2 as c from range(60) as r(i)"
    )
    rules = rules_of(CUSTOMER, blocks)
    without = bounded(ask, rules, most)
    assert all(rule.skipped for rule in without)
    joined = f"select count(*) from {PARTIES} as l inner join {PARTIES} as r on l.i < r.i and "
    for each in (rules, without):
        pairs = sum(ask(joined + rule.sql)[0][0] for rule in each)
        # A record whose own two values are equal makes a pair with itself in the count of what is swapped.
        assert sum(count(ask, rule).pairs for rule in each) == pytest.approx(pairs, rel=0.1 if len(each) > 1 else 0)
    assert sum(count(ask, rule).pairs for rule in without) < sum(count(ask, rule).pairs for rule in rules)


def test_rules_are_tightened_to_a_budget(ask: Ask) -> None:
    """A rule that makes more pairs than can be afforded wants one value more, of a column that tells pairs apart."""
    ask(
        f"create table {PARTIES} as select cast(i as varchar) as party_id, i, 'x' || i % 4 as a, 'x' || i % 1600 as b, "
        "'x' || i % 2 as c from range(3200) as r(i)"
    )
    rules = rules_of(CUSTOMER, [same("a"), same("b")])
    assert within_budget(ask, rules, ["a", "b", "c"], most=2_000_000) == rules
    tight, other = within_budget(ask, rules, ["a", "b", "c"], most=10_000)
    assert tight.beside_one_of == ("b",)
    assert other == rules[1]
    joined = f"select count(*) from {PARTIES} as l inner join {PARTIES} as r on l.i < r.i and {tight.sql}"
    assert ask(joined) == [(1600,)]
    # It stays so in the model, whatever it would make later.
    assert within_budget(ask, [Rule.from_json(json.loads(json.dumps(asdict(tight))))], ["a", "b", "c"]) == [tight]


def test_a_tightened_rule_is_split_where_it_alone_would_make_most_pairs(ask: Ask) -> None:
    """One join for each value beside takes less time where records share what the rule looks for with many others."""
    ask(
        f"create table {PARTIES} as select cast(i as varchar) as party_id, 'x' || i // 4 as a, 'x' || i // 80 as b, "
        "'x' || i as c from range(3200) as r(i)"
    )
    rules = [replace(rule, beside_one_of=("c",)) for rule in rules_of(CUSTOMER, [same("a"), same("b")])]
    few, many = within_budget(ask, rules, ["c"])
    assert (few.is_split, many.is_split) == (False, True)
    assert few.joins == [few.sql]
    assert many.joins == ['l."b" = r."b" and l."c" = r."c"']


def test_budget_grows_little_faster_than_the_records() -> None:
    """Ten times as many records may make not twelve times as many pairs, and few records some millions always."""
    assert budget(100) == budget(10_000) == 5_000_000
    assert 10 < budget(10_000_000) / budget(1_000_000) < 12
