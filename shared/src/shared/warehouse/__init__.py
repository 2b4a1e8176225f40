"""The warehouse: one database that every project reads and writes, on the engine that WAREHOUSE_URL names."""

from shared.warehouse.base import Identity, Mode, Role, Warehouse
from shared.warehouse.opening import LAYERS, open_warehouse
from shared.warehouse.sql.quoting import literal, quote, quote_name

__all__ = ["LAYERS", "Identity", "Mode", "Role", "Warehouse", "literal", "open_warehouse", "quote", "quote_name"]
