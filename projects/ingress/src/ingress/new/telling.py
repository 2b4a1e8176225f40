"""What was found, told to whoever makes a source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ingress.new.found import Column, Table
from ingress.new.origin import Origin
from ingress.new.values import shown
from ingress.readers.sql.reflection import cursors_of
from shared.http.redaction import shortened
from shared.utils.console import say

MOST_SHOWN, SHOWN = 50, 60


def tell(table: Table) -> None:
    """Say what was found of a table."""
    say(f"{table.name}:")
    for note in table.notes:
        say(f"  {note}")
    if not table.key:
        say("  no key: left out; make a source of it by --table and --key")
        return
    say(f"  key {shown(table.key)}: {table.why_key}")
    cursors = cursors_of(table.columns)
    if cursors:
        say(f"  may be cursors: {shown(cursors)}")
    listed = [*table.columns, *table.left]
    width = max(len(shortened(each.name, SHOWN)) for each in listed[:MOST_SHOWN])
    for each in listed[:MOST_SHOWN]:
        say(f"  {shortened(each.name, SHOWN):<{width}}  {described(each)}")
    if len(listed) > MOST_SHOWN:
        say(f"  and {len(listed) - MOST_SHOWN:,} more columns")


def described(column: Column) -> str:
    """Say what a column is."""
    digits = f"({column.digits[0]}, {column.digits[1]})" if column.digits else ""
    kind = f"{column.kind or 'text'}{digits}{', may be null' if column.nullable else ''}"
    example = f", such as `{column.example}`" if column.example else ""
    return f"{kind}{example}{f'; {column.note}' if column.note else ''}"


def tell_next(name: str, origin: Origin, files: Iterable[Any]) -> None:
    """Say what was written, and what to do next."""
    for path in files:
        say(f"wrote {path}")
    if origin.setting and not origin.is_set:
        say(f"set {origin.setting} to {shortened(origin.address, 200)}")
    say(f"then ./pixiw run ingest --source {name}, and ./pixiw run dbt build --select 'stg_{name}__*'")
