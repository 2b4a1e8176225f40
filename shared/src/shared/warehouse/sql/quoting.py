"""SQL identifiers that come from data or configuration, made safe."""

from __future__ import annotations

from shared.errors import InputError
from shared.postgres.limits import NAME_BYTES


def quote(name: str) -> str:
    """Quote a dotted name part by part, as standard SQL does: `raw.a"b` becomes `"raw"."a""b"`.

    Raises:
        ValueError: A part is empty or holds a NUL character, which no engine can store.
    """
    return ".".join(map(quote_name, name.split(".")))


def quote_name(name: str) -> str:
    """Quote one name that may hold dots, as a catalog gives it: `a.b` becomes `"a.b"`.

    Raises:
        ValueError: It is empty or holds a NUL character.
    """
    if not name or "\0" in name:
        raise ValueError(f"not an identifier: {name!r}")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a literal of standard SQL, for the places in which no parameter can stand."""
    return "'" + text.replace("'", "''") + "'"


def quote_for_postgres(name: str) -> str:
    """Quote a name as `quote` does, for an engine that cuts long names off without an error.

    Raises:
        InputError: A part is longer than 63 bytes.
    """
    return ".".join(map(quote_name_for_postgres, name.split(".")))


def quote_name_for_postgres(name: str) -> str:
    """Quote one name as `quote_name` does, for an engine that cuts long names off without an error.

    Raises:
        InputError: It is longer than 63 bytes.
    """
    if len(name.encode()) > NAME_BYTES:
        raise InputError(
            f"a name of more than {NAME_BYTES} bytes, PostgreSQL would cut it off: `{name}`",
            hint="give the table or column a shorter name",
        )
    return quote_name(name)
