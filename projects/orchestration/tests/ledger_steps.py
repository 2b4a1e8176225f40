"""Steps for tests: commands that do some work in a run of the ledger, as a project's do, and what becomes of them."""

from textwrap import dedent

from dagster import AssetKey, AssetsDefinition, AssetSpec, DagsterInstance, ExecuteInProcessResult, materialize
from orchestration.graph.projects import Command
from orchestration.run.command_assets import step_assets

from shared.config import Settings

BEFORE = """
import os, sys
from pathlib import Path
from shared.command_line import command
from shared.config import get_settings
from shared.errors import *
from shared.monitoring import record_run
from shared.warehouse import open_warehouse

def main(arguments):
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        with record_run(warehouse, step="ingest", command="run") as run:
"""
AFTER = "\nsys.exit(command(main))\n"


def python(work: str, environment: str = "orchestration") -> Command:
    """Return a command that does some work in a run of the ledger, as a project's does."""
    lines = "\n".join(" " * 12 + line for line in dedent(work).strip().splitlines())
    return Command(environment, ("-c", BEFORE + lines + AFTER))


def table(name: str, command: Command, settings: Settings, *deps: str) -> AssetsDefinition:
    """Return a step that makes `raw.<name>`."""
    key = AssetKey(["raw", name])
    spec = AssetSpec(key, deps=[AssetKey(["raw", dep]) for dep in deps])
    return step_assets(name, command, settings, specs=[spec], relations={f"raw.{name}": key}, pool=None)


def run(*assets: AssetsDefinition) -> ExecuteInProcessResult:
    """Run steps to their end."""
    with DagsterInstance.ephemeral() as instance:
        return materialize(list(assets), instance=instance, raise_on_error=False)


def failure(result: ExecuteInProcessResult, step: str) -> str:
    """Return what Dagster shows of a step's failure."""
    data = result.failure_data_for_node(step)
    assert data is not None
    return str(data.user_failure_data.description if data.user_failure_data else data.error_display_string)
