"""Open the warehouse that a URL names, and make sure that it is the one that is meant."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.resources import files
from pathlib import Path
from typing import Literal

from shared.config import Settings
from shared.errors import ConfigurationError, NotAWarehouse, UserError, WrongWarehouse
from shared.warehouse.base import Identity, Mode, Role, Warehouse
from shared.warehouse.duckdb_engine import DuckDBWarehouse
from shared.warehouse.sql.quoting import quote

LAYERS = ("raw", "staging", "core", "master", "egress", "reporting", "ops")
LAYOUT_VERSION = 3
DUCKDB_PREFIX = "duckdb:///"
POSTGRES_PREFIXES = ("postgresql://", "postgres://")


def engine_of(settings: Settings) -> Literal["duckdb", "postgres"]:
    """Return the engine of the warehouse that a URL names; whether there is one is not looked at."""
    return "postgres" if settings.warehouse_url.startswith(POSTGRES_PREFIXES) else "duckdb"


def open_warehouse(
    settings: Settings,
    *,
    holder: str,
    role: Role = "reader",
    mode: Mode = "read",
    name: str = "warehouse",
    layers: Sequence[str] = LAYERS,
) -> Warehouse:
    """Open a warehouse, waiting for others where it is in use.

    In write mode a warehouse that does not exist is made, with its layers and the tables of `ops`; on PostgreSQL by
    whoever may create schemas, else `postgres-init` has to have made it.

    Args:
        settings: Names the warehouse and how long to wait for it.
        holder: Who asks, as others shall read it while they wait.
        role: Whose part of the work it is: on PostgreSQL the login and the lock, in the ledger whose run.
        mode: On DuckDB `write` keeps everybody else out until closed, `read` keeps writers out; on PostgreSQL `write`
            keeps out other writers of the role.
        name: The identity that the database must have.
        layers: The schemas that it has.

    Raises:
        ConfigurationError: The URL names no engine that the platform knows, or a login that is not let in.
        ServerUnavailable: The server does not answer.
        NotAWarehouse: There is no database, or one that is no warehouse.
        WrongWarehouse: It is a warehouse, but not `name`, or one of a newer platform, or on PostgreSQL of an older one.
        WarehouseBusy: Somebody held it for longer than the timeout.
    """
    warehouse = connect(settings, holder=holder, role=role, mode=mode)
    try:
        warehouse.identity = identify(warehouse, name, layers if mode == "write" else None)
        warehouse.state_dir = settings.state_dir / warehouse.identity.id
        if mode == "write":
            make_layers(warehouse, layers)
    except BaseException:
        warehouse.close()
        raise
    return warehouse


def connect(settings: Settings, *, holder: str, role: Role, mode: Mode) -> Warehouse:
    """Open the database by the engine that its URL names, whatever it holds."""
    if engine_of(settings) == "postgres":
        # Its driver takes a moment to import, and an embedded warehouse can do without.
        from shared.warehouse.postgres_engine import PostgresWarehouse

        return PostgresWarehouse(settings, holder=holder, role=role, mode=mode)
    return DuckDBWarehouse(duckdb_path(settings), settings, holder=holder, role=role, mode=mode)


def duckdb_path(settings: Settings) -> Path:
    """Return the database file of a `duckdb:///` URL; a relative path starts at the project's root."""
    url = settings.warehouse_url
    if not url.startswith(DUCKDB_PREFIX) or url == DUCKDB_PREFIX:
        scheme = url.partition(":")[0]
        raise ConfigurationError(
            f"no warehouse engine for this WAREHOUSE_URL: `{scheme}:…`",
            hint="use duckdb:///path/to/warehouse.duckdb (relative to the project), duckdb:////absolute/path "
            "or postgresql://host:port/database",
        )
    return settings.root / url.removeprefix(DUCKDB_PREFIX)


def identify(warehouse: Warehouse, name: str, layers: Sequence[str] | None) -> Identity:
    """Read a database's identity and check it, or give one, and these layers, to a database that is still empty."""
    if not warehouse.table_exists("ops.identity"):
        if layers is None or not warehouse.is_empty():
            raise NotAWarehouse(
                f"the database has no identity: `{warehouse.location}`",
                hint="point WAREHOUSE_URL at a warehouse of this platform or at a database that does not exist yet; "
                "on PostgreSQL `./pixiw run postgres-init` makes one",
            )
        give_identity(warehouse, name, layers)
    identity = Identity(*warehouse.fetch("select id, name, layout_version from ops.identity")[0])
    if identity.name != name:
        raise WrongWarehouse(
            f"expected the database of `{name}`, found that of `{identity.name}`: `{warehouse.location}`",
            hint="correct WAREHOUSE_URL; nothing was written",
        )
    if identity.layout_version > LAYOUT_VERSION:
        raise WrongWarehouse(
            f"a newer version of the platform has made this database: `{warehouse.location}`",
            hint="bring this checkout up to date, then run it again; nothing was written",
        )
    return identity


def give_identity(warehouse: Warehouse, name: str, layers: Sequence[str]) -> None:
    """Make an empty database a warehouse, in one transaction so that a killed process leaves it empty."""
    with warehouse.transaction():
        make_schemas(warehouse, layers)
        make_ops_tables(warehouse)
        for statement in warehouse.preparation:
            warehouse.execute(statement)
        warehouse.execute(
            "insert into ops.identity values ($1, $2, $3, $4)",
            [str(uuid.uuid4()), name, LAYOUT_VERSION, datetime.now(timezone.utc).replace(tzinfo=None)],
        )


def make_layers(warehouse: Warehouse, layers: Sequence[str]) -> None:
    """Create the schemas that are missing, and bring the tables of `ops` to today's layout."""
    with warehouse.transaction():
        make_schemas(warehouse, layers)
        if warehouse.identity.layout_version < LAYOUT_VERSION:
            bring_up_to_date(warehouse)


def bring_up_to_date(warehouse: Warehouse) -> None:
    """Bring the tables of `ops` from an earlier layout to today's.

    Raises:
        WrongWarehouse: It is on PostgreSQL, where only who owns the tables may.
    """
    try:
        make_ops_tables(warehouse)
    except UserError as error:
        if error.code != "not_permitted":
            raise
        raise WrongWarehouse(
            f"an earlier version of the platform has made this database: `{warehouse.location}`",
            hint="`./pixiw run postgres-init` brings it up to date; nothing was written",
        ) from error
    warehouse.execute("update ops.identity set layout_version = $1", [LAYOUT_VERSION])


def make_schemas(warehouse: Warehouse, layers: Sequence[str]) -> None:
    """Create the schemas that are not there yet; where all are, nobody needs the right to create one."""
    there = warehouse.schemas()
    for schema in (*layers, *warehouse.scratch):
        if schema not in there:
            warehouse.execute(f"create schema {quote(schema)}")


def make_ops_tables(warehouse: Warehouse) -> None:
    """Create the tables of `ops`, or bring those of an earlier layout up to date."""
    for statement in files("shared.warehouse").joinpath("ops.sql").read_text().split(";"):
        if statement.strip():
            warehouse.execute(statement)
