"""What the assets of all projects have in common: keys, owner, metadata, pools."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dagster import AssetKey, MetadataValue

from shared.config import Settings
from shared.config.named import Setting
from shared.warehouse.opening import engine_of

OWNER = "team:data-platform"


def key_of(relation: str, *prefix: str) -> AssetKey:
    """Return the key of a table: `raw.pos_products` becomes `raw/pos_products`."""
    return AssetKey([*prefix, *relation.split(".")])


def warehouse_pool(settings: Settings) -> str | None:
    """Return the pool of what writes to the warehouse: a DuckDB file takes one writer at a time, a server many."""
    return "warehouse" if engine_of(settings) == "duckdb" else None


def missing_settings(names: Sequence[str]) -> list[str]:
    """Return the settings among these that are not set."""
    return [name for name in names if not Setting(name).is_set]


def code_of(settings: Settings, path: str) -> dict[str, Any]:
    """Return the metadata that leads to where an asset is written down."""
    return {"code": MetadataValue.path(settings.root / Path(path))}
