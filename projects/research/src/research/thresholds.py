"""Run entity resolution at several thresholds, each on a scratch warehouse: the real one is not written to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from research import matching
from shared.config import Settings
from shared.errors import PlatformError
from shared.utils.console import say
from shared.utils.processes import run
from shared.warehouse import open_warehouse
from shared.workspace.environments import environment_variables, interpreter

ENVIRONMENT = "entity-resolution"
# Far more than one takes.
RESOLVE_SECONDS = 3600.0
PARTIES = "core.dim_customer"
TEXTS = ("party_id", "source_system", "source_id", *matching.FIELDS)


def sweep(
    settings: Settings,
    parties: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    thresholds: Sequence[float],
    hidden_shares: Sequence[float],
    hidden_fields: Sequence[str],
    seed: int,
) -> pd.DataFrame:
    """Return the quality of a resolution for each threshold, with these fields hidden in each share of the records.

    A model is trained once for each share; the thresholds differ in nothing but what is done with its probabilities.

    Args:
        settings: Where the project is.
        parties: What `core.dim_customer` holds, as text.
        truth: As `matching.read_truth` gives it.

    Raises:
        ConfigurationError: The environment of entity resolution is not installed.
        PlatformError: Its command failed.
    """
    python = interpreter(settings.root, ENVIRONMENT)
    rows = []
    for share in hidden_shares:
        with tempfile.TemporaryDirectory(prefix="thresholds-") as folder:
            scratch = Settings(
                pixi_project_root=settings.root,
                data_dir=Path(folder),
                warehouse_url=f"duckdb:///{folder}/warehouse.duckdb",
            )
            fill(scratch, matching.hide(parties, hidden_fields, share, seed=seed))
            for threshold in thresholds:
                say(f"entity resolution: threshold {threshold:g}, fields hidden in {share:.0%} of the records")
                resolve(python, scratch, threshold)
                measures = matching.quality(matching.judge(entities(scratch), truth))
                rows.append({"hidden_share": share, "threshold": threshold, **measures})
    return pd.DataFrame(rows)


def fill(scratch: Settings, parties: pd.DataFrame) -> None:
    """Make the scratch warehouse, with parties and nothing else."""
    kinds = [(name, pa.string()) for name in TEXTS] + [("household_id", pa.int64()), ("is_current", pa.bool_())]
    rows = parties.assign(household_id=None, is_current=True)
    with open_warehouse(scratch, holder="research", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow(PARTIES, pa.Table.from_pandas(rows, schema=pa.schema(kinds), preserve_index=False))


def resolve(python: Path, scratch: Settings, threshold: float) -> None:
    """Run entity resolution on the scratch warehouse."""
    variables = environment_variables(scratch.root, ENVIRONMENT) | {
        "DATA_DIR": str(scratch.data_dir),
        "WAREHOUSE_URL": scratch.warehouse_url,
        "ENTITY_MATCH_THRESHOLD": f"{threshold:g}",
        "ENTITY_TRUTH": "",
    }
    command = [str(python), "-m", "entity_resolution", "run"]
    done = run(command, seconds=RESOLVE_SECONDS, env=variables, cwd=scratch.root)
    if done.returncode:
        errors = [line.removeprefix("error: ") for line in done.stderr.splitlines() if line.startswith("error: ")]
        raise PlatformError(
            f"entity resolution failed at threshold {threshold:g}: {(errors or [done.stderr.strip()])[0]}",
            hint="`./pixiw run resolve` shows whether it runs on the warehouse itself",
        )


def entities(scratch: Settings) -> pd.DataFrame:
    """Return what the scratch warehouse says of who is who."""
    with open_warehouse(scratch, holder="research") as warehouse:
        return warehouse.fetch_arrow("select party_id, entity_id from master.entity_xref").to_pandas()
