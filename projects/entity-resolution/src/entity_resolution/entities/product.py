"""Products: which items of a supplier's price list are which products of the tills."""

from entity_resolution.entity import Entity, Parties, Training, Truth
from entity_resolution.kinds import Category, FirstSource, Longest, OneRecord, Quantity, Words, same

ENTITY = Entity(
    name="product",
    # A catalog and a price list have a thing once, so the best candidate of the other one is the only one.
    parties=Parties(
        "core.dim_product_listing", id="source_id", source="source_system", duplicate_free=("pos", "supplier")
    ),
    sources=("pos", "supplier"),
    compare=(
        Words("description", abbreviated=True, frequencies=True),
        Quantity("package_size", within=(), frequencies=True),
        Category("department", frequencies=True),
    ),
    # Products of one description differ by their size alone, so no pair is worth looking at that differs in it.
    block=(same("package_size", "department"), same("package_size", "description", start=2)),
    # Half of the names are written otherwise.
    training=Training(
        sure=(same("description", "package_size"),),
        recall=0.4,
        sessions=(
            same("package_size", "department"),
            same("department", "description"),
            same("package_size", "description"),
        ),
    ),
    golden=(
        Longest("description"),
        FirstSource("department"),
        FirstSource("package_size"),
        FirstSource("brand"),
        OneRecord(called={"product_id": "source_id"}, source="pos"),
        OneRecord(("list_price",), called={"supplier_item_no": "source_id"}, source="supplier"),
    ),
    # More probable than not is enough: what else could be meant has lost against the best.
    threshold=0.5,
    truth=Truth({"product_id": "pos", "item_no": "supplier"}, file="demo/product_truth.csv", complete=True),
    hidden=("department",),
)
