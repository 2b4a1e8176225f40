"""What dbt makes: its nodes as assets and its data tests as checks, by a project's manifest."""

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import AssetCheckSpec, AssetKey, AssetSpec
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from orchestration.graph.assets import OWNER, code_of, key_of
from orchestration.graph.projects import Project
from shared.config import Settings

UNIQUE_ID = "dagster_dbt/unique_id"
# The kinds of dbt's nodes that are tables or views.
MADE = ("model", "snapshot", "seed")
# The ledger's: no step makes it, every step writes it.
LEDGER = "ops"


class LayerTranslator(DagsterDbtTranslator):
    """Shows dbt's nodes as this platform names things: `core/fct_sales` in the group of its layer."""

    def __init__(self, project: Project, settings: Settings) -> None:
        super().__init__(DagsterDbtTranslatorSettings())
        self._project = project
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
        path = f"projects/{self._project.name}/{dbt_resource_props['original_file_path']}"
        return {**super().get_metadata(dbt_resource_props), **code_of(self._platform, path)}


def relation_of(node: Mapping[str, Any]) -> str:
    """Return schema and name of a node's relation."""
    return f"{node['schema']}.{node.get('alias') or node.get('identifier') or node['name']}"


def asset_specs(
    manifest: Mapping[str, Any], translator: DagsterDbtTranslator, tag: str | None = None
) -> dict[str, AssetSpec]:
    """Return the assets of tables and views, by their nodes' ids: of all of them, or of those with a tag."""
    specs = {
        name: translator.get_asset_spec(manifest, name, None)
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in MADE and (tag is None or tag in node["tags"])
    }
    return {
        name: spec.replace_attributes(deps=[dep for dep in spec.deps if dep.asset_key.path[0] != LEDGER])
        for name, spec in specs.items()
    }


def check_specs(
    specs: Mapping[str, AssetSpec], manifest: Mapping[str, Any], translator: DagsterDbtTranslator
) -> list[AssetCheckSpec]:
    """Return dbt's data tests of these nodes as checks."""
    found = {
        (test, asset.key): translator.get_asset_check_spec(asset, manifest, test, None)
        for name, asset in specs.items()
        for test in manifest["child_map"][name]
        if test.startswith("test.")
    }
    return [spec for spec in found.values() if spec is not None]
