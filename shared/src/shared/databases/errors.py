"""What the errors of other databases' drivers mean for whoever runs a command."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from shared.databases.address import Address
from shared.errors import ConfigurationError, InputError, PlatformError, SourceUnavailable, first_line
from shared.http.redaction import masked
from shared.postgres.errors import Collision, NotPermitted, ServerUnavailable, code_of, explain

# MariaDB's and MySQL's numbers.
LOGIN, NO_DATABASE, NO_TABLE, HOST = (1044, 1045, 1698), 1049, 1146, (2002, 2003, 2005)
RIGHTS = (1142, 1143, 1227, 1370)
# PostgreSQL's for a table that is not there.
UNDEFINED_TABLE = "42P01"
SQLITE_BUSY = ("locked", "busy")


def meaning(error: DBAPIError, address: Address, origin: str) -> PlatformError:
    """Return what an error of a driver means; statement and login are not repeated."""
    cause = error.orig or error
    # PostgreSQL repeats the statement below the first line.
    said = masked(str(cause.args[-1]).partition("\n")[0] if cause.args else first_line(cause))
    code = cause.args[0] if len(cause.args) > 1 and isinstance(cause.args[0], int) else None
    setting, place = address.setting, address.place
    if code in LOGIN:
        return ConfigurationError(
            f"the database at {place} does not let in `{address.url.username}`",
            hint=f"correct user and password in {setting}",
        )
    if code == NO_DATABASE:
        return ConfigurationError(f"no such database at {place}: `{address.url.database}`", hint=f"correct {setting}")
    if code == NO_TABLE or code_of(cause) == UNDEFINED_TABLE or said.startswith("no such table"):
        return InputError(
            f"no such table in the database of {setting}: `{origin}`",
            hint=f"correct {setting} or what is declared, or let its owner make the table",
        )
    if code in RIGHTS or isinstance(explain(cause), NotPermitted):
        return NotPermitted(
            f"`{address.url.username}` may not read `{origin}` at {place}",
            hint=f"have `select` on it granted, or use another login in {setting}",
        )
    if is_passing(error, code, said, address):
        return SourceUnavailable(
            f"`{origin}` cannot be read at {place}: {said}",
            hint=f"nothing was loaded from it; run the command again when the database answers, or correct {setting}",
        )
    return InputError(
        f"`{origin}` cannot be read at {place}: {said}", hint=f"correct what is declared of it, or {setting}"
    )


def is_passing(error: DBAPIError, code: int | None, said: str, address: Address) -> bool:
    """Tell whether it may be another time: a lock, a server that is away."""
    if address.dialect == "sqlite":
        return any(word in said for word in SQLITE_BUSY)
    if address.dialect == "postgresql":
        return isinstance(explain(error.orig or error), (ServerUnavailable, Collision))
    # 1205 and 1213 are locks, 1053 and 1927 an end from outside, 2006 and 2013 a connection that is gone.
    lost = code is None or code in (*HOST, 0, 1040, 1053, 1203, 1205, 1213, 1927, 1969, 2006, 2013, 2055)
    return lost and type(error).__name__ in ("OperationalError", "InterfaceError", "InternalError", "DBAPIError")
