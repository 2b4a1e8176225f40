"""The supplier: its price lists as CSV files in a drop folder."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from ingress.deletions import Snapshot
from ingress.readers.files.reader import Files
from ingress.source import Resource, Source
from shared.data_quality import RowModel


class Item(RowModel):
    """An item of a price list: its name and size are as the supplier writes them, its price is in dollars."""

    item_no: str = Field(pattern=r"^S-[0-9]{5,}$")
    product_group: str | None
    description: str = Field(min_length=1)
    pack_size: str | None
    list_price: Decimal = Field(max_digits=10, decimal_places=2, ge=0)


# A list has all items, so what the newest one does not have is sold no more. Its makers add columns as they like.
ITEMS = Resource(
    "items", "supplier_items", Item, ("item_no",), Files("supplier"), contract="evolve", deletions=Snapshot(newest=True)
)
SOURCE = Source("supplier", (ITEMS,))
