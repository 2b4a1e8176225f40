"""dbt's manifest: all models, sources and tests with what is said of them, for programs that do not run dbt."""

from __future__ import annotations

from pathlib import Path

from shared.config import Settings
from shared.dbt.environment import dbt_environment
from shared.dbt.run import write_project_manifest
from transformation.layers import PROJECT_DIR, ROLE


def write_manifest(settings: Settings) -> Path:
    """Write the manifest for the engine of the warehouse, which need not be there, and return its path.

    Raises:
        ConfigurationError: WAREHOUSE_URL cannot be read.
        PlatformError: dbt cannot read the project.
    """
    return write_project_manifest(dbt_environment(settings, PROJECT_DIR, ROLE))
