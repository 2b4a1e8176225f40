"""The real data: what is promised about it holds for every row."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from shared.errors import SourceUnavailable
from tasks.demo.data import HERE, Recipe, holds, make, read_checksums
from tasks.tests.demo.conftest import ROOT

RULES = {
    "customer_id": r"C-\d{5}", "postcode": r"\d{4}", "date_of_birth": r"(\d{8})?", "state": r"[a-z]{0,3}",
    "street_number": r"\d{0,4}",
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own demo data where it is complete, or else a new copy."""
    recipe = Recipe(HERE / "wheels.txt", read_checksums(HERE / "checksums.txt"))
    if all(holds(ROOT / "data" / path, digest) for path, digest in recipe.checksums.items()):
        return ROOT / "data"
    folder = tmp_path_factory.mktemp("data")
    try:
        make(folder, recipe)
    except SourceUnavailable as error:
        pytest.skip(f"no demo data here and none to be had: {error.message}")
    return folder


def read(path: Path) -> list[list[str]]:
    """Read a CSV file."""
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_every_real_customer_is_a_good_row(data: Path) -> None:
    """All 5,000 customers have the form that the CRM promises, so none of them may end in quarantine."""
    header, *rows = read(data / "landing/crm/customers.csv")
    refused = [
        (name, row)
        for row in rows
        for name, rule in RULES.items()
        if not re.fullmatch(rule, row[header.index(name)]) or len(row) != len(header)
    ]
    assert refused == []
    assert len({row[0] for row in rows}) == 5000


def test_manual_file_has_six_defects_and_two_good_rows(data: Path) -> None:
    """Of the invented rows exactly the two good ones fit the CRM's form, with ids that no real customer has."""
    header, *rows = read(data / "landing/crm/customers_manual.csv")
    good = [
        row[0]
        for row in rows
        if len(row) == len(header) and all(re.fullmatch(rule, row[header.index(name)]) for name, rule in RULES.items())
    ]
    assert (good, len(rows)) == (["C-05001", "C-05002"], 8)


def test_truth_and_households_are_complete(data: Path) -> None:
    """5,000 members, each the person of one customer, and each of 2,500 households with one of them."""
    members = json.loads((data / "demo/loyalty_members.json").read_bytes())
    _, *pairs = read(data / "demo/truth.csv")
    customers = {row[0] for row in read(data / "landing/crm/customers.csv")[1:]}
    assert {pair[0] for pair in pairs} == customers
    assert {pair[1] for pair in pairs} == {one["member_id"] for one in members}
    assert len(pairs) == len(members) == 5000
    assert sorted(one["household_id"] for one in members if one["household_id"]) == list(range(1, 2501))
