"""SQL identifiers that come from data or configuration, made safe."""

from __future__ import annotations


def quote(name: str) -> str:
    """Quote a dotted name part by part, as standard SQL does: `raw.a"b` becomes `"raw"."a""b"`.

    Raises:
        ValueError: A part is empty or holds a NUL character, which no engine can store.
    """
    parts = name.split(".")
    if not all(parts) or "\0" in name:
        raise ValueError(f"not an identifier: {name!r}")
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
