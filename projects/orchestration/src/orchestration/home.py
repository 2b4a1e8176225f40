"""Where Dagster keeps what it knows: DATA_DIR/dagster, with its runs in SQLite there or in PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import DagsterInstance

from shared.config import Settings
from shared.config.roles import login_of
from shared.postgres.target import PostgresTarget
from shared.utils.files import write_whole

PROJECT = Path(__file__).resolve().parents[2]
POSTGRES_URL = "DAGSTER_POSTGRES_URL"
LOGIN = login_of("orchestration")


def home_of(settings: Settings) -> Path:
    """Return the folder that DAGSTER_HOME is to be."""
    return settings.data_dir / "dagster"


def prepare_home(settings: Settings) -> Path:
    """Make the folder, put the instance's configuration into it, and return it.

    Raises:
        ConfigurationError: DAGSTER_POSTGRES_URL is no URL, or its server does not let us in.
        ServerUnavailable: The server that it names does not answer.
    """
    target = postgres(settings)
    if target:
        target.connect("orchestration").close()
    home = home_of(settings)
    text = (PROJECT / ("dagster-postgres.yaml" if target else "dagster.yaml")).read_text(encoding="utf-8")
    file = home / "dagster.yaml"
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        # Others may be reading it.
        write_whole(file, text)
    return home


def variables(settings: Settings) -> dict[str, str]:
    """Return what Dagster's processes need in their environment, the password for PostgreSQL included."""
    target = postgres(settings)
    return {
        "DAGSTER_HOME": str(home_of(settings)),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        **({POSTGRES_URL: target.url()} if target else {}),
    }


@contextmanager
def instance(settings: Settings) -> Iterator[DagsterInstance]:
    """Open the instance, making its home first; from then on it is in the environment of this process and its children.

    Raises:
        ConfigurationError: DAGSTER_POSTGRES_URL is no URL, or its server does not let us in.
        ServerUnavailable: The server that it names does not answer.
    """
    home = prepare_home(settings)
    os.environ.update(variables(settings))
    with DagsterInstance.from_config(str(home)) as opened:
        yield opened


def postgres(settings: Settings) -> PostgresTarget | None:
    """Return the database that DAGSTER_POSTGRES_URL names, with the password from the passfile where it has none."""
    url = os.environ.get(POSTGRES_URL, "")
    if not url:
        return None
    return PostgresTarget.from_url(url, user=LOGIN, passfile=settings.passfile, setting=POSTGRES_URL)
