"""Somebody else's PostgreSQL, of which nothing is asked but to be read."""

from __future__ import annotations

from pathlib import Path

from psycopg2 import extensions

from shared.errors import ConfigurationError
from shared.postgres.target import PostgresTarget


def source_target(
    url: str, *, login: str | None, passfile: Path | None, setting: str, lock_seconds: float
) -> PostgresTarget:
    """Return where a database of a URL is, and who connects: `login` where the URL names nobody.

    Raises:
        ConfigurationError: It is no URL of a PostgreSQL database, or nobody says who connects.
    """
    target = PostgresTarget.from_url(
        url, user=login or "", passfile=passfile, setting=setting, lock_seconds=lock_seconds
    )
    if not target.user:
        raise ConfigurationError(
            f"{setting} does not say who connects", hint="write postgresql://user@host:port/database"
        )
    return target


def read_only(target: PostgresTarget, application_name: str) -> extensions.connection:
    """Connect, to a server of any version, in a transaction that writes nothing."""
    connection = target.connect(application_name, oldest=0)
    with connection.cursor() as cursor:
        # Bytes have one spelling, whatever the role's own is.
        cursor.execute("set bytea_output = 'hex'")
    connection.set_session(readonly=True, autocommit=False)
    return connection
