"""What columns are called in raw, and which names are the platform's own."""

from __future__ import annotations

from ingress.deletions import DELETED_AT, DELETED_BY
from shared.data_quality import POSITION
from shared.errors import InputError
from shared.postgres.limits import NAME_BYTES

# A row's place while it is checked, its origin's place, and its load.
ORDER = "_order"
OWN_COLUMNS = (POSITION, ORDER, "_dlt_load_id", DELETED_AT, DELETED_BY)


def raw_name(name: str, origin: str) -> str:
    """Return what dlt calls a column in raw.

    Raises:
        InputError: There is nothing to call it by, or the name is longer than every engine can hold: dlt would shorten
            it on PostgreSQL, without a word.
    """
    # dlt takes a moment to import.
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    # A limit that no name reaches.
    found = NamingConvention(len(name) * 2 + 2).normalize_identifier(name) if name.strip() else ""
    problem = None if found else "has no name"
    if len(found) > NAME_BYTES:
        problem = f"has a name of more than {NAME_BYTES} characters"
    if found in OWN_COLUMNS:
        problem = "has a name that the platform uses itself"
    if problem:
        raise InputError(f"a column of `{origin}` {problem}: `{name}`", hint="have it renamed where it comes from")
    return found
