"""Names that a source, its tables and columns can have, in Python, YAML and SQL."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from functools import cache

from pydantic import create_model

from ingress.raw_names import in_latin, raw_name
from shared.data_quality import RowModel
from shared.errors import InputError
from shared.http.redaction import shortened
from shared.new.names import LONGEST_NAME, NAME, SAFE, SHOWN, reserved
from shared.postgres.limits import NAME_BYTES

# Columns that staging models have besides.
TAKEN = {"loaded_at"}


def resource_name(text: str) -> str:
    """Return what a resource is called after a table, a file or the path of a list."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", in_latin(text)).lower()
    found = re.sub(r"[^a-z0-9]+", "_", spaced).strip("_")[:LONGEST_NAME].strip("_")
    if not NAME.fullmatch(found):
        found = f"t_{found}"[:LONGEST_NAME].strip("_") if NAME.fullmatch(f"t_{found}") else "rows"
    return f"{found}_rows" if keyword.iskeyword(found) else found


def class_name(resource: str) -> str:
    """Return what the row model of a resource is called."""
    return "".join(part.capitalize() for part in resource.split("_")) + "Row"


def names_in_raw(columns: Sequence[str], origin: str) -> dict[str, str]:
    """Return what columns are called in raw; those that raw cannot have are left out.

    Raises:
        InputError: Two cannot be told apart.
    """
    found: dict[str, str] = {}
    for name in columns:
        try:
            plain = raw_name(name, origin)
        except InputError:
            continue
        if not SAFE.fullmatch(plain) or len(plain) > NAME_BYTES:
            continue
        other = next((each for each, known in found.items() if known == plain), None)
        if other is not None:
            raise InputError(
                f"columns of `{origin}` that raw cannot tell apart: `{shortened(other, SHOWN)}`, "
                f"`{shortened(name, SHOWN)}`",
                hint="in raw, names are in lower case, with _ for all but letters and digits: have one renamed; of a "
                "database, name the other tables with --table",
            )
        found[name] = plain
    return found


@cache
def can_be_field(name: str) -> bool:
    """Tell whether a row model can have a field of this name."""
    if name.startswith(("_", "model_")) or len(name.encode("utf-8", "replace")) > NAME_BYTES:
        return False
    try:
        name.encode()
        create_model("Tried", __base__=RowModel, **{name: (int, ...)})  # type: ignore[call-overload]
    # Whatever pydantic makes of a name that it keeps for itself.
    except Exception:
        return False
    return True


def is_plain(name: str) -> bool:
    """Tell whether a field of this name can be written in the body of a class."""
    return (
        re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) is not None
        and not keyword.iskeyword(name)
        and not hasattr(RowModel, name)
    )


def staged_names(raw: Iterable[str]) -> dict[str, str]:
    """Return what the columns of raw are called in a staging model, where no name needs quotes."""
    found: dict[str, str] = {}
    for name in raw:
        plain = f"{name}_value" if name in reserved() | TAKEN or not name.strip("_") else name
        while plain in found.values():
            plain += "_2"
        found[name] = plain
    return found
