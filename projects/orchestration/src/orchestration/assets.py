"""What the assets of all projects have in common: keys, metadata, and steps that are a project's command."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    multi_asset,
)

from orchestration.home import home_of
from orchestration.projects import Command
from orchestration.run_locks import hold
from orchestration.steps import Ended, run_command
from shared.config import Settings
from shared.warehouse.opening import engine_of

Results = Iterator[MaterializeResult[None] | AssetCheckResult]
Check = Callable[[Ended], Iterable[AssetCheckResult]]
OWNER = "team:data-platform"


def key_of(relation: str, *prefix: str) -> AssetKey:
    """Return the key of a table: `raw.pos_products` becomes `raw/pos_products`."""
    return AssetKey([*prefix, *relation.split(".")])


def warehouse_pool(settings: Settings) -> str | None:
    """Return the pool of what writes to the warehouse: a DuckDB file takes one writer at a time, a server many."""
    return "warehouse" if engine_of(settings) == "duckdb" else None


def missing_settings(names: Sequence[str]) -> list[str]:
    """Return the environment variables among these that are not set."""
    return [name for name in names if not os.environ.get(name)]


def code_of(settings: Settings, path: str) -> dict[str, Any]:
    """Return the metadata that leads to where an asset is written down."""
    return {"code": MetadataValue.path(settings.root / Path(path))}


def step_assets(
    name: str,
    command: Command,
    settings: Settings,
    *,
    specs: Sequence[AssetSpec],
    relations: Mapping[str, AssetKey],
    pool: str | None,
    check_specs: Sequence[AssetCheckSpec] = (),
    check: Check = lambda _ended: (),
) -> AssetsDefinition:
    """Return assets that one command makes, all of them whichever are selected.

    Args:
        name: The step's.
        command: What is run.
        settings: Where the platform is.
        specs: The assets.
        relations: The asset of each relation that the command says it has written.
        pool: Of which one step runs at a time.
        check_specs: The checks of these assets.
        check: Returns the checks' results by how the command ended.
    """

    order = list(TopologicalSorter({spec.key: {dep.asset_key for dep in spec.deps} for spec in specs}).static_order())
    relations = dict(sorted(relations.items(), key=lambda found: order.index(found[1])))

    @multi_asset(name=name, specs=specs, check_specs=check_specs, pool=pool, can_subset=True)
    def step(context: AssetExecutionContext) -> Results:
        hold(context.run.run_id, home_of(settings))
        ended = run_command(context, settings, command)
        yield from materialized(context, ended, relations)
        for result in check(ended):
            if _key_of_check(result) in context.selected_asset_check_keys:
                yield result
        ended.require(context)

    return step


def materialized(context: AssetExecutionContext, ended: Ended, relations: Mapping[str, AssetKey]) -> Results:
    """Return what was made: what the command said it has written, and at its success all that was asked for."""
    for relation, key in relations.items():
        wanted = ended.code == 0 and key in context.selected_asset_keys
        facts = ended.outputs.get(relation, ended.metadata if wanted else None)
        if facts is None:
            continue
        if key in context.selected_asset_keys:
            yield MaterializeResult(asset_key=key, metadata=facts)
        else:
            context.log_event(AssetMaterialization(key, metadata=facts))


def _key_of_check(result: AssetCheckResult) -> AssetCheckKey:
    assert result.asset_key is not None and result.check_name is not None
    return AssetCheckKey(result.asset_key, result.check_name)
