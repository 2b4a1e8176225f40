"""The warehouse: one database that every project reads and writes, on the engine that WAREHOUSE_URL names."""

from shared.warehouse.base import Identity, Mode, Role, Warehouse
from shared.warehouse.identifiers import literal, quote, quote_name
from shared.warehouse.opening import LAYERS, open_warehouse

__all__ = ["LAYERS", "Identity", "Mode", "Role", "Warehouse", "literal", "open_warehouse", "quote", "quote_name"]
