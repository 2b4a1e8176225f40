"""Open the warehouse that a URL names, and make sure that it is the one that is meant."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from importlib.resources import files
from pathlib import Path

from shared.config import Settings
from shared.errors import ConfigurationError, NotAWarehouse, WrongWarehouse
from shared.warehouse.base import Identity, Mode, Warehouse
from shared.warehouse.duckdb_engine import DuckDBWarehouse
from shared.warehouse.identifiers import quote

LAYERS = ("raw", "staging", "core", "master", "egress", "reporting", "ops")
LAYOUT_VERSION = 1
DUCKDB_PREFIX = "duckdb:///"


def open_warehouse(settings: Settings, *, holder: str, mode: Mode = "read", name: str = "warehouse") -> Warehouse:
    """Open a warehouse, waiting for others where it is in use.

    In write mode a warehouse that does not exist is made, with its layers and the tables of `ops`.

    Args:
        settings: Names the warehouse and how long to wait for it.
        holder: Who asks, as others shall read it while they wait.
        mode: `write` keeps everybody else out until closed, `read` keeps writers out.
        name: The identity that the database must have.

    Raises:
        ConfigurationError: The URL names no engine that the platform knows.
        NotAWarehouse: There is no database, or one that is no warehouse.
        WrongWarehouse: It is a warehouse, but not `name`.
        WarehouseBusy: Somebody held it for longer than the timeout.
    """
    warehouse = DuckDBWarehouse(duckdb_path(settings), settings, holder=holder, mode=mode)
    try:
        warehouse.identity = identify(warehouse, name, create=mode == "write")
        warehouse.state_dir = settings.state_dir / warehouse.identity.id
        if mode == "write":
            make_layers(warehouse)
    except BaseException:
        warehouse.close()
        raise
    return warehouse


def duckdb_path(settings: Settings) -> Path:
    """Return the database file of a `duckdb:///` URL; a relative path starts at the project's root."""
    url = settings.warehouse_url
    if not url.startswith(DUCKDB_PREFIX) or url == DUCKDB_PREFIX:
        scheme = url.partition(":")[0]
        raise ConfigurationError(
            f"no warehouse engine for this WAREHOUSE_URL: `{scheme}:…`",
            hint="use duckdb:///path/to/warehouse.duckdb (relative to the project) or duckdb:////absolute/path",
        )
    return settings.root / url.removeprefix(DUCKDB_PREFIX)


def identify(warehouse: Warehouse, name: str, *, create: bool) -> Identity:
    """Read a database's identity and check it, or give one to a database that is still empty."""
    if not warehouse.table_exists("ops.identity"):
        if not create or not warehouse.is_empty():
            raise NotAWarehouse(
                f"the database has no identity: `{warehouse.path}`",
                hint="point WAREHOUSE_URL at a warehouse of this platform, or at a file that does not exist yet",
            )
        give_identity(warehouse, name)
    rows = warehouse.fetch("select id, name from ops.identity")
    identity = Identity(*rows[0])
    if identity.name != name:
        raise WrongWarehouse(
            f"expected the database of `{name}`, found that of `{identity.name}`: `{warehouse.path}`",
            hint="correct WAREHOUSE_URL; nothing was written",
        )
    return identity


def give_identity(warehouse: Warehouse, name: str) -> None:
    """Make an empty database a warehouse, in one transaction so that a killed process leaves it empty."""
    with warehouse.transaction():
        make_layers(warehouse)
        warehouse.execute(
            "insert into ops.identity values ($1, $2, $3, $4)",
            [str(uuid.uuid4()), name, LAYOUT_VERSION, datetime.now(timezone.utc).replace(tzinfo=None)],
        )


def make_layers(warehouse: Warehouse) -> None:
    """Create the schemas and the tables of `ops` that are not there yet."""
    with warehouse.transaction():
        for layer in LAYERS:
            warehouse.execute(f"create schema if not exists {quote(layer)}")
        for statement in files("shared.warehouse").joinpath("ops.sql").read_text().split(";"):
            if statement.strip():
                warehouse.execute(statement)
