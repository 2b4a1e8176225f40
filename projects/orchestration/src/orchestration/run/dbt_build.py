"""Build with dbt: a project's own command, whose structured log dagster-dbt turns into events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetExecutionContext,
    AssetMaterialization,
    AssetObservation,
    AssetsDefinition,
    MaterializeResult,
    Output,
    multi_asset,
)
from dagster_dbt import DbtCliInvocation
from packaging.version import Version

from orchestration.graph.assets import key_of, warehouse_pool
from orchestration.graph.dbt import UNIQUE_ID, LayerTranslator, asset_specs, check_specs, relation_of
from orchestration.graph.projects import Command, Project
from orchestration.home import home_of
from orchestration.run import children
from orchestration.run.ended import Ended
from orchestration.run.steps import prepared, reported
from orchestration.supervise.run_locks import hold
from shared.config import Settings

Event = (
    Output[Any]
    | MaterializeResult[None]
    | AssetCheckResult
    | AssetMaterialization
    | AssetObservation
    | AssetCheckEvaluation
)


@dataclass(frozen=True)
class DbtProject:
    """A project whose command builds with dbt.

    Attributes:
        manifest: dbt's.
    """

    project: Project
    manifest: Mapping[str, Any]
    settings: Settings

    def step(self, name: str, *scope: str) -> AssetsDefinition:
        """Return what the project's command `build` makes.

        Not by dagster-dbt's `dbt_assets`: to select by a tag it wants dbt itself, which is in another environment.

        Args:
            name: The step's.
            scope: A tag in the dbt project, which the command takes as its argument; all of it without.
        """
        translator = LayerTranslator(self.project, self.settings)
        specs = asset_specs(self.manifest, translator, *scope)

        @multi_asset(
            name=name,
            specs=list(specs.values()),
            check_specs=check_specs(specs, self.manifest, translator),
            can_subset=True,
            pool=warehouse_pool(self.settings),
        )
        def step(context: AssetExecutionContext) -> Iterator[Event]:
            chosen = selection(context, self.manifest)
            command = self.project.command("build", *scope, "--events", *chosen)
            yield from build(context, self, command, translator)

        return step


def build(
    context: AssetExecutionContext, dbt: DbtProject, command: Command, translator: LayerTranslator
) -> Iterator[Event]:
    """Run a build, and return what dbt did, with what the run ledger knows of it.

    The events come at the end, as the ledger knows rows only then; dbt's own words are in the step's log at once.
    """
    settings, manifest = dbt.settings, dbt.manifest
    hold(context.run.run_id, home_of(settings))
    project = dbt.project.folder(settings.root)
    line, variables = prepared(command, settings)
    with reported(context, command) as (ended, channel):
        # dbt leaves out tests that read a model which is not built; Pipes wants each selected check to be told.
        context.op_execution_context._step_execution_context._requires_typed_event_stream = False
        invocation = DbtCliInvocation.run(
            args=line,
            env={**variables, **channel},
            manifest=manifest,
            dagster_dbt_translator=translator,
            project_dir=project,
            target_path=settings.dbt_target_dir(project) / str(manifest["metadata"]["adapter_type"]),
            raise_on_error=False,
            context=context,
            adapter=None,
            cli_version=Version(str(manifest["metadata"]["dbt_version"])),
        )
        ours = children.of_run(context.run.run_id)
        with ours.watched(invocation.process):
            events = list(invocation.stream())
            ended.code = ours.wait(invocation.process)
    yield from (with_facts(event, ended, manifest) for event in events)
    # Or Dagster would pass over every step that follows of it.
    for relation, facts in ended.left_out.items():
        if key_of(relation) in context.selected_asset_keys:
            yield MaterializeResult(asset_key=key_of(relation), metadata=facts)
    ended.require(context)


def selection(context: AssetExecutionContext, manifest: Mapping[str, Any]) -> list[str]:
    """Return dbt's arguments for what is selected; none for all of it. Tests follow the models that they test."""
    if not context.is_subset:
        return []
    assets = context.assets_def.specs_by_key
    chosen = {str(assets[key].metadata[UNIQUE_ID]) for key in context.selected_asset_keys}
    if not chosen:
        checks = context.assets_def.check_specs_by_output_name.values()
        chosen = {str(spec.metadata[UNIQUE_ID]) for spec in checks if spec.key in context.selected_asset_check_keys}
    return ["--select", *sorted(f"fqn:{'.'.join(manifest['nodes'][name]['fqn'])}" for name in chosen)]


def with_facts(event: Event, ended: Ended, manifest: Mapping[str, Any]) -> Event:
    """Add to an asset's event what the run ledger knows of its relation."""
    if not isinstance(event, Output):
        return event
    node = manifest["nodes"][event.metadata["unique_id"].value]
    return event.with_metadata({**event.metadata, **ended.outputs.get(relation_of(node), ended.metadata)})
