"""dbt's manifest of this project, made without a database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reporting.project import PROJECT_DIR, ROLE
from shared.config import Settings
from shared.dbt.environment import dbt_environment
from shared.dbt.run import parse_project


def model_nodes(settings: Settings) -> list[Mapping[str, Any]]:
    """Return this project's models as dbt's manifest describes them.

    Raises:
        PlatformError: dbt cannot read the project.
    """
    # Nothing is read from a warehouse, and what models are called is the same on both engines.
    anywhere = settings.model_copy(update={"warehouse_url": f"duckdb:///{settings.data_dir}/warehouse.duckdb"})
    return parse_project(dbt_environment(anywhere, PROJECT_DIR, ROLE))
