"""What there is to load, and whether it would pass: `list` and `validate`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from types import ModuleType
from typing import Any

from ingress.gather.child import families, opened_inputs
from ingress.load.duplicates import unique_rows
from ingress.source import Batch, Input, Resource, Source, name_of
from ingress.sources import MODULES
from shared.config import Settings
from shared.data_quality import BadRow
from shared.errors import NotAWarehouse
from shared.monitoring import history
from shared.monitoring.polling import Poll
from shared.utils.code import path_of, summary
from shared.utils.console import say
from shared.warehouse import open_warehouse

EXAMPLES = 5


def list_sources(settings: Settings, sources: Sequence[Source]) -> None:
    """Print each resource with its table, key, origin and last load."""
    loads = last_loads(settings)
    rows = [("RESOURCE", "TABLE", "KEY", "FROM", "CONTRACT", "LAST LOAD (UTC)")]
    for source in sources:
        for resource in source.resources:
            name = f"{source.name}.{resource.name}" + (" (on request)" if resource.on_request else "")
            where, last = resource.reader.where(settings), loads.get(resource.relation, "never")
            rows.append((name, resource.relation, ", ".join(resource.key), where, resource.contract, last))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def sources_as_json(settings: Settings) -> str:
    """Return the sources and what each fills, as JSON; the warehouse is not asked."""
    return json.dumps(
        {"version": 1, "sources": [source_entry(module, settings) for module in MODULES.values()]}, indent=2
    )


def source_entry(module: ModuleType, settings: Settings) -> dict[str, Any]:
    """Return what there is to say of a source's module."""
    source: Source = module.SOURCE
    return {
        "name": source.name,
        "description": summary(module),
        "code": path_of(module),
        "required_settings": source.required_settings,
        "poll": described_poll(source.poll) if source.poll else None,
        "resources": [described_resource(resource, settings) for resource in source.resources],
    }


def described_poll(poll: Poll) -> dict[str, float]:
    """Return how often a source is asked; lengths of time in seconds."""
    return {
        name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in vars(poll).items()
    }


def described_resource(resource: Resource, settings: Settings) -> dict[str, Any]:
    """Return what there is to say of a resource."""
    folder, pattern = resource.reader.drop_folder(settings) or (None, None)
    return {
        "name": resource.name,
        "relation": resource.relation,
        "description": summary(resource.model),
        "key": resource.key,
        "contract": resource.contract,
        "on_request": resource.on_request,
        "required": resource.required,
        "where": resource.reader.where(settings),
        "drop_folder": name_of(folder, settings) if folder else None,
        "pattern": pattern,
    }


def last_loads(settings: Settings) -> dict[str, str]:
    """Return when the run ended that last brought each table something."""
    try:
        with open_warehouse(settings, holder="ingress list") as warehouse:
            loads = history.last_loads(warehouse, changed=True)
    except NotAWarehouse:
        return {}
    return {relation: f"{finished:%Y-%m-%d %H:%M:%S}" for relation, finished in loads.items()}


def validate_source(
    settings: Settings, source: Source, *, on_request: Collection[str] = (), strict: bool = True
) -> int:
    """Check a source's input as a load would, without loading it, and return how many rows quarantine would get.

    Raises:
        PlatformError: Something cannot be read.
    """
    bad = 0
    for resource, children in families(source.wanted(on_request)):
        absent = None if strict else resource.absent(settings)
        if absent:
            for each in (resource, *children):
                say(f"  left out: {source.name}.{each.name}: {absent}")
            continue
        files = resource.reader.files(settings)
        for each, opened in opened_inputs(resource, children, settings, files):
            bad += validate_resource(source, each, opened)
    return bad


def validate_resource(source: Source, resource: Resource, opened: Input) -> int:
    """Check one resource's input, print what is wrong, and return how many rows are bad."""
    counts: Counter[str] = Counter()
    bad: list[tuple[str, BadRow]] = []

    def refuse(origin: str, rows: Sequence[BadRow]) -> None:
        bad.extend((origin, row) for row in rows)

    def batches() -> Iterator[Batch]:
        for batch in opened.batches:
            refuse(batch.origin, batch.bad)
            yield batch

    for _ in unique_rows(batches(), opened.duplicated, resource.key, counts, refuse):
        pass
    extras = f"; columns not in the row model: {', '.join(opened.extras)}" if opened.extras else ""
    say(f"{source.name}.{resource.name}: {counts['kept']:,} rows to load, {len(bad):,} bad{extras}")
    for origin, row in bad[:EXAMPLES]:
        say(f"  {origin}, {row.position}: {row.reason}")
    if len(bad) > EXAMPLES:
        say(f"  … and {len(bad) - EXAMPLES:,} more")
    return len(bad)
