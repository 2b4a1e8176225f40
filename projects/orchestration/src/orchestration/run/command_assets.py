"""Assets that a project's command makes, and what is known of them once it has."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter

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
    multi_asset,
)

from orchestration.graph.projects import Command
from orchestration.home import home_of
from orchestration.run.ended import Ended
from orchestration.run.steps import run_command
from orchestration.supervise.run_locks import hold
from shared.config import Settings

Results = Iterator[MaterializeResult[None] | AssetCheckResult]
Check = Callable[[Ended], Iterable[AssetCheckResult]]


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
    """Return what was made: what the command said it has written, and at its success all that was asked for.

    What it has left out too, marked as that: Dagster would pass over every step that follows of it.
    """
    for relation, key in relations.items():
        wanted = ended.code == 0 and key in context.selected_asset_keys
        facts = ended.outputs.get(relation)
        if facts is None and wanted:
            facts = ended.left_out.get(relation, ended.metadata)
        if facts is None:
            continue
        if key in context.selected_asset_keys:
            yield MaterializeResult(asset_key=key, metadata=facts)
        else:
            context.log_event(AssetMaterialization(key, metadata=facts))


def _key_of_check(result: AssetCheckResult) -> AssetCheckKey:
    assert result.asset_key is not None and result.check_name is not None
    return AssetCheckKey(result.asset_key, result.check_name)
