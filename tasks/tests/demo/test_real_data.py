"""The real data: what is promised about it holds for every row."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from shared.errors import SourceUnavailable
from tasks.demo.alterations import WORD
from tasks.demo.data import HERE, Recipe, holds, make, read_checksums
from tasks.demo.price_list import read_products
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


def test_price_list_is_of_good_rows(data: Path) -> None:
    """Each of the 7,138 items has a number of its own, a name and a price; a few lack group or size."""
    header, *rows = read(data / "landing/supplier/price_list_2018-01.csv")
    assert header == ["item_no", "product_group", "description", "pack_size", "list_price"]
    assert [row[0] for row in rows] == [f"S-{number:05d}" for number in range(1, 7139)]
    assert all(row[2].strip() and re.fullmatch(r"\d{1,2}\.\d\d", row[4]) for row in rows)
    assert 600 < sum(not row[1] for row in rows) < 800
    assert 50 < sum(not row[3] for row in rows) < 100


def test_price_list_is_no_copy_of_the_catalog(data: Path) -> None:
    """6,484 items are a product each; of these, the name is another one for half and the size for most."""
    catalog = {str(one.product_id): one for one in read_products(data / "landing/pos/products.parquet")}
    items = {row[0]: row for row in read(data / "landing/supplier/price_list_2018-01.csv")[1:]}
    _, *pairs = read(data / "demo/product_truth.csv")
    assert len(pairs) == len({pair[0] for pair in pairs}) == len({pair[1] for pair in pairs}) == 6484
    names = sum(WORD.findall(catalog[product].name) != items[item][2].upper().split() for product, item in pairs)
    sizes = sum(catalog[product].size != items[item][3].upper() for product, item in pairs)
    assert names / len(pairs) == pytest.approx(0.5, abs=0.1)
    assert sizes / len(pairs) == pytest.approx(0.8, abs=0.1)
