"""What PostgreSQL's errors mean for whoever runs a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from shared.errors import ConfigurationError, NotAWarehouse, PlatformError, StorageFull, UserError, first_line

LOST = ("server closed", "connection", "cursor already closed", "SSL", "could not receive", "could not send")
WAREHOUSE = "WAREHOUSE_URL"
MAKE_ROLES = "`./pixiw run postgres-init` makes the database and the roles"


class ServerUnavailable(PlatformError):
    """The PostgreSQL server does not answer, or has gone away."""

    code = "server_unavailable"
    retryable = True


class NotPermitted(UserError):
    """The role that a step works as may not do this."""

    code = "not_permitted"


def explain_connection(
    error: psycopg2.Error, *, address: str, user: str, database: str, setting: str = WAREHOUSE
) -> PlatformError:
    """Return what a failure to connect means. libpq gives it no code, so its text decides.

    Args:
        setting: The environment variable that has led here.
    """
    text = str(error).strip()
    remedy = f"; {MAKE_ROLES}" if setting == WAREHOUSE else ""
    if "password authentication failed" in text or "no password supplied" in text or "role " in text:
        return ConfigurationError(
            f"PostgreSQL at {address} does not let in `{user}`: wrong or missing password, or no such role",
            hint=f"correct user and password in {setting} or in the file that PGPASSFILE names{remedy}",
        )
    if f'database "{database}" does not exist' in text:
        return NotAWarehouse(f"no such database at {address}: `{database}`", hint=f"correct {setting}{remedy}")
    if "permission denied for database" in text:
        return NotPermitted(
            f"`{user}` may not connect to `{database}` at {address}", hint=f"let it, or correct {setting}{remedy}"
        )
    if "could not translate host name" in text:
        return ConfigurationError(f"no such host: {address}", hint=f"correct the host in {setting}")
    if "invalid connection option" in text or "invalid sslmode" in text or "invalid value for" in text:
        return ConfigurationError(
            f"the URL of PostgreSQL at {address} has an option that cannot be used: {first_line(error)}",
            hint="correct what stands behind the `?` of the URL",
        )
    return ServerUnavailable(
        f"PostgreSQL does not answer at {address}: {first_line(error)}",
        hint=f"start it (`./pixiw run postgres-start` for the local one) or correct {setting}, then run it again",
    )


def explain(error: BaseException) -> PlatformError | None:
    """Return what an error of a running session means, None where PostgreSQL itself has said all there is to say."""
    state = code_of(error)
    if state is None:
        return None
    text = first_line(error)
    if state == "53100":
        return StorageFull(
            f"no space left on the PostgreSQL server: {text}",
            hint="free space there, then run the command again",
        )
    if state == "42501":
        return NotPermitted(
            f"PostgreSQL does not permit it: {text}",
            hint="each project may write its own layer only; `./pixiw run postgres-init` restores what roles may do",
        )
    if state[:2] in ("08", "57") or state == "53300" or (not state and says_lost(text)):
        return ServerUnavailable(
            f"the connection to PostgreSQL is lost: {text}",
            hint="what was not committed is undone; run the command again when the server is back",
        )
    if state[:2] == "54":
        return UserError(
            f"more than PostgreSQL can hold: {text}",
            hint="a table there has at most 1,600 columns, and a row of short values 8 kB: leave out columns, or keep "
            "such a table in DuckDB",
        )
    if state in ("40001", "40P01", "55P03"):
        return Collision(f"another session was in the way: {text}", hint="run the command again")
    return None


class Collision(PlatformError):
    """Two sessions could not go on together, and PostgreSQL ended this one's statement."""

    code = "collision"
    retryable = True


def code_of(error: BaseException) -> str | None:
    """Return PostgreSQL's code of an error (SQLSTATE), empty where it has none; None where it is no driver's error."""
    if isinstance(error, psycopg2.Error):
        return error.pgcode or ""
    # dlt copies with ADBC; whoever does not has no need of that driver.
    if type(error).__module__.partition(".")[0] == "adbc_driver_manager":
        return getattr(error, "sqlstate", None) or ""
    return None


def says_lost(text: str) -> bool:
    """Tell whether an error without a code says that there is no connection any more."""
    return any(words in text for words in LOST)


@contextmanager
def explained() -> Iterator[None]:
    """Raise what PostgreSQL's errors mean in their place, where there is more to say."""
    try:
        yield
    except psycopg2.Error as error:
        known = explain(error)
        if known is None:
            raise
        raise known from error
