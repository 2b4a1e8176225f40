"""Build dbt's part of the graph: transformation's own command, whose structured log dagster-dbt turns into events."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    Output,
)
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliInvocation
from packaging.version import Version

from orchestration import children
from orchestration.assets import OWNER, code_of, key_of
from orchestration.home import home_of
from orchestration.projects import TRANSFORMATION
from orchestration.run_locks import hold
from orchestration.steps import Ended, prepared, reported
from shared.config import Settings

Event = Output[Any] | AssetCheckResult | AssetMaterialization | AssetObservation | AssetCheckEvaluation
UNIQUE_ID = "dagster_dbt/unique_id"
# The kinds of dbt's nodes that are tables or views.
MADE = ("model", "snapshot", "seed")


class LayerTranslator(DagsterDbtTranslator):
    """Shows dbt's nodes as this platform names things: `core/fct_sales` in the group of its layer."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(DagsterDbtTranslatorSettings())
        self._platform = settings

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Return schema and name of the node's relation."""
        return key_of(relation_of(dbt_resource_props))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Return the layer."""
        return str(dbt_resource_props["schema"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return what the node's YAML says of it."""
        return str(dbt_resource_props.get("description") or "")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """Return who keeps it."""
        owner = (dbt_resource_props.get("meta") or {}).get("owner")
        return [f"team:{owner}" if owner else OWNER]

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Return no tags: those of dbt are the scopes of its builds."""
        return {}

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return dbt's columns, and where the node is written down."""
        path = f"projects/{TRANSFORMATION.name}/{dbt_resource_props['original_file_path']}"
        return {**super().get_metadata(dbt_resource_props), **code_of(self._platform, path)}


def relation_of(node: Mapping[str, Any]) -> str:
    """Return schema and name of a node's relation."""
    return f"{node['schema']}.{node.get('alias') or node.get('identifier') or node['name']}"


def build(
    context: AssetExecutionContext,
    settings: Settings,
    manifest: Mapping[str, Any],
    translator: LayerTranslator,
    scope: str,
) -> Iterator[Event]:
    """Build what is selected of a scope, and return what dbt did, with what the run ledger knows of it.

    The events come at the end, as the ledger knows rows only then; dbt's own words are in the step's log at once.
    """
    hold(context.run.run_id, home_of(settings))
    command = TRANSFORMATION.command("build", scope, "--events", *selection(context, manifest))
    project = TRANSFORMATION.folder(settings.root)
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
            target_path=project / "target" / str(manifest["metadata"]["adapter_type"]),
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
