"""What a project's profiles.yml reads: where the warehouse is, who opens it, and where dbt keeps its own files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shared.config import Settings
from shared.config.roles import login_of
from shared.warehouse.base import Role
from shared.warehouse.opening import duckdb_path, engine_of

# The clock is UTC's whatever the server is used to, and a server soon ends the statement of a build that was killed,
# instead of working on and holding its locks.
SESSION = "-c TimeZone=UTC -c client_connection_check_interval=1s"


def dbt_environment(settings: Settings, project: Path, role: Role) -> dict[str, str]:
    """Return the variables with which dbt opens the very database that `open_warehouse` opens for a role.

    Args:
        settings: Names the warehouse and where dbt's files go.
        project: The folder of dbt_project.yml.
        role: Whose part of the work it is.

    Raises:
        ConfigurationError: WAREHOUSE_URL cannot be read.
    """
    engine = engine_of(settings)
    return {
        "PIXI_PROJECT_ROOT": str(settings.root),
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project),
        # Apart for each engine, or each switch would parse the whole project again.
        "DBT_TARGET_PATH": os.environ.get("DBT_TARGET_PATH") or str(settings.dbt_target_dir(project) / engine),
        "DBT_LOG_PATH": str(log_dir(settings)),
        "DO_NOT_TRACK": "1",
        **(postgres_variables(settings, role) if engine == "postgres" else duckdb_variables(settings)),
    }


def duckdb_variables(settings: Settings) -> dict[str, str]:
    """Return what profiles.yml reads of a DuckDB file."""
    return {
        "WAREHOUSE_URL": f"duckdb:///{duckdb_path(settings)}",
        "WAREHOUSE_MEMORY_LIMIT": settings.warehouse_memory_limit,
    }


def postgres_variables(settings: Settings, role: Role) -> dict[str, str]:
    """Return what profiles.yml and libpq read of a PostgreSQL database. Only one of them is secret."""
    # Its driver takes a moment to import, and an embedded warehouse can do without.
    from shared.postgres.target import PostgresTarget

    target = PostgresTarget.from_url(
        settings.warehouse_url,
        user=login_of(role),
        passfile=settings.passfile,
        lock_seconds=settings.warehouse_lock_timeout,
    )
    options = {name: value for name, value in target.options.items() if name != "options"}
    return {
        "WAREHOUSE_URL": target.location,
        "WAREHOUSE_HOST": target.host,
        "WAREHOUSE_PORT": str(target.port),
        "WAREHOUSE_DATABASE": target.database,
        "WAREHOUSE_USER": target.user,
        # dbt strikes out what variables of this prefix hold wherever it writes.
        "DBT_ENV_SECRET_WAREHOUSE_PASSWORD": target.password or "",
        # libpq reads its parameters from variables too: sslmode from PGSSLMODE, channel_binding from PGCHANNELBINDING.
        **{f"PG{name.replace('_', '').upper()}": value for name, value in options.items()},
        "PGOPTIONS": f"{target.session} {SESSION}",
    }


def log_dir(settings: Settings) -> Path:
    """Return where dbt writes its own full log."""
    return Path(os.environ.get("DBT_LOG_PATH") or settings.logs_dir / "dbt")


@contextmanager
def environment_set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
