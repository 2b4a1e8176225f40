"""What Dagster has of a step that runs in another environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import (
    AssetExecutionContext,
    DagsterInstance,
    MaterializeResult,
    PipesSubprocessClient,
    asset,
    materialize,
)

from shared.config.environments import environment_variables, interpreter

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
from shared.config import get_settings
from shared.monitoring import record_run
from shared.warehouse import open_warehouse

with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
    with record_run(warehouse, step="ingest", command="run") as run:
        run.output("raw.t", rows=3)
"""


@pytest.mark.parametrize(
    ("environment", "python"), [("py310-connectors", "3.10"), ("orchestration", "3.11"), ("py312-research", "3.12")]
)
def test_dagster_has_the_facts_of_a_run(environment: str, python: str, tmp_path: Path) -> None:
    """The run ledger of a step in any environment reaches Dagster, and can be an asset's metadata."""
    line = [str(interpreter(ROOT, environment)), "-c", SCRIPT]
    data = {"DATA_DIR": str(tmp_path), "WAREHOUSE_URL": f"duckdb:///{tmp_path / 'w.duckdb'}"}
    variables = {**environment_variables(ROOT, environment), **data}

    @asset(key=["raw", "t"])
    def table(context: AssetExecutionContext) -> Iterator[MaterializeResult[None]]:
        client = PipesSubprocessClient(env=variables)
        (message,) = client.run(context=context, command=line).get_custom_messages()
        run = message["run"]
        yield MaterializeResult(metadata={**run["outputs"]["raw.t"], "run": run})

    with DagsterInstance.ephemeral() as instance:
        (found,) = materialize([table], instance=instance).asset_materializations_for_node("raw__t")
    run = found.metadata["run"].value
    assert found.metadata["rows"].value == 3
    assert isinstance(run, dict)
    assert run["python_version"].startswith(f"{python}.")
    assert (run["environment"], run["status"]) == (environment, "succeeded")
    assert len(run["lock_sha256"]) == 64
    assert run["database_bytes"] > 0
