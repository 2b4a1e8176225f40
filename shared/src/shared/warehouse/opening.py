"""Open the warehouse that a URL names, and make sure that it is the one that is meant."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from shared.config import Settings
from shared.config.roles import READER
from shared.errors import ConfigurationError, NotAWarehouse, WrongWarehouse
from shared.redaction import redacted
from shared.utils.clock import utc_now
from shared.warehouse.base import Identity, Mode, Role, Warehouse
from shared.warehouse.duckdb_engine import DuckDBWarehouse
from shared.warehouse.migrations import OPS, migrate, require_latest
from shared.warehouse.sql.quoting import quote

LAYERS = ("raw", "staging", "core", "master", "egress", "reporting", "ops")
DUCKDB_PREFIX = "duckdb:///"
POSTGRES_PREFIXES = ("postgresql://", "postgres://")


def engine_of(settings: Settings) -> Literal["duckdb", "postgres"]:
    """Return the engine of the warehouse that a URL names; whether there is one is not looked at."""
    return "postgres" if settings.warehouse_url.startswith(POSTGRES_PREFIXES) else "duckdb"


def open_warehouse(
    settings: Settings,
    *,
    holder: str,
    role: Role = READER,
    mode: Mode = "read",
    name: str = "warehouse",
    layers: Sequence[str] = LAYERS,
) -> Warehouse:
    """Open a warehouse, waiting for others where it is in use.

    In write mode a warehouse that does not exist is made, with its layers and the tables of `ops`, and one of an
    earlier layout is brought to the latest; on PostgreSQL by whoever may, else `postgres-init` has to do it.

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
        WrongWarehouse: It is a warehouse, but not `name`, or one of a newer platform.
        OlderWarehouse: It is one of an older platform, opened for reading or by a login that may not change it.
        WarehouseBusy: Somebody held it for longer than the timeout.
    """
    warehouse = connect(settings, holder=redacted(holder), role=role, mode=mode)
    try:
        warehouse.identity = identify(warehouse, name, layers if mode == "write" else None)
        warehouse.state_dir = settings.state_dir / warehouse.identity.id
        if mode == "write":
            migrate(warehouse, OPS)
            make_schemas(warehouse, layers)
        else:
            require_latest(warehouse, OPS)
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
    identity = Identity(*warehouse.fetch("select id, name from ops.identity")[0])
    if identity.name != name:
        raise WrongWarehouse(
            f"expected the database of `{name}`, found that of `{identity.name}`: `{warehouse.location}`",
            hint="correct WAREHOUSE_URL; nothing was written",
        )
    return identity


def give_identity(warehouse: Warehouse, name: str, layers: Sequence[str]) -> None:
    """Make an empty database a warehouse, in one transaction so that a killed process leaves it empty."""
    with warehouse.transaction():
        make_schemas(warehouse, layers)
        for step in OPS.steps:
            warehouse.execute(step.sql)
        for statement in warehouse.preparation:
            warehouse.execute(statement)
        warehouse.execute(
            "insert into ops.identity (id, name, layout_version, created_at) values ($1, $2, $3, $4)",
            [str(uuid.uuid4()), name, OPS.latest, utc_now()],
        )


def make_schemas(warehouse: Warehouse, layers: Sequence[str]) -> None:
    """Create the schemas that are not there yet; where all are, nobody needs the right to create one."""
    there = warehouse.schemas()
    with warehouse.transaction():
        for schema in (*layers, *warehouse.scratch):
            if schema not in there:
                warehouse.execute(f"create schema {quote(schema)}")
