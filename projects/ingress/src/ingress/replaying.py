"""The command `replay`: which resources rows in quarantine are of, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingress.load.replay import replay
from ingress.source import Resource, Source
from shared.config import Settings
from shared.data_quality.held_rows import MOST, HeldRow, Selection, held_rows, still_open, whole_ids
from shared.errors import InputError, UserError
from shared.monitoring import record_run
from shared.utils.console import say
from shared.utils.excerpts import excerpt
from shared.utils.strict_json import NotJson, strict_json
from shared.warehouse import open_warehouse

LARGEST = 10_000_000
LONGEST_REASON = 200


def replay_rows(
    settings: Settings, sources: Mapping[str, Source], ids: Sequence[str], *, row: Path | None, force: bool
) -> int:
    """Load rows from quarantine, and return 1 where one stays there.

    Raises:
        PlatformError: They are not there, not of the sources, or cannot be loaded.
    """
    if len(ids) > MOST or (row and len(ids) != 1):
        raise UserError(f"{len(ids):,} ids", hint=f"give {MOST:,} at most, and with `--row` one")
    corrected = corrected_row(row) if row else None
    with open_warehouse(settings, holder="ingest replay", role="ingress", mode="write") as warehouse:
        rows = held_rows(warehouse, Selection(ids=whole_ids(warehouse, ids)), MOST)
        work = by_resource(rows, sources)
        left: dict[str, str] = {}
        with record_run(warehouse, step="replay", command="replay") as run:
            for (source, name), (resource, held) in work.items():
                stay = replay(run, source, resource, held, corrected=corrected, force=force)
                say(f"  {source}.{name}: {len(held) - len(stay):,} rows replayed, {len(stay):,} stay in quarantine")
                left |= stay
    for identifier, reason in left.items():
        say(f"  {identifier[:12]}: {excerpt(reason, LONGEST_REASON)}")
    return 1 if left else 0


def by_resource(
    rows: Sequence[HeldRow], sources: Mapping[str, Source]
) -> dict[tuple[str, str], tuple[Resource, list[HeldRow]]]:
    """Return the open rows by source and resource.

    Raises:
        UserError: A row was discarded, or is of no resource.
    """
    found: dict[tuple[str, str], tuple[Resource, list[HeldRow]]] = {}
    for row in still_open(rows):
        known = {each.name: each for each in sources[row.source].resources} if row.source in sources else {}
        if row.resource not in known:
            raise UserError(
                f"no resource that rows can be loaded into: `{row.source}.{row.resource}`",
                hint="the next load of its source reads it again",
            )
        found.setdefault((row.source, row.resource), (known[row.resource], []))[1].append(row)
    return found


def corrected_row(path: Path) -> dict[str, Any]:
    """Read a corrected row; its numbers stay as they are written.

    Raises:
        InputError: It is no file of one JSON object, or a large one.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"larger than {LARGEST:,} bytes: `{path}`", hint="give one row")
        found = strict_json(path.read_text(encoding="utf-8"), Decimal)
    except NotJson as error:
        raise InputError(f"not a row, {error}: `{path}`", hint="write one JSON object") from error
    except (OSError, UnicodeError) as error:
        raise InputError(f"cannot read: `{path}`", hint="write one JSON object in UTF-8") from error
    if not isinstance(found, dict):
        raise InputError(f"not a JSON object: `{path}`", hint="`quarantine show ID --raw-to FILE` writes the form")
    return found
