"""Staging, core and egress: two builds of dbt's, before and after entity resolution."""

from dagster import Definitions, definitions

from orchestration.graph.lists import read_list
from orchestration.graph.projects import TRANSFORMATION
from orchestration.run.dbt_build import DbtProject
from shared.config import get_settings

# Tags in the dbt project.
SCOPES = ("core", "egress")


@definitions
def defs() -> Definitions:
    """Return what dbt builds, with its tests as checks."""
    settings = get_settings()
    dbt = DbtProject(TRANSFORMATION, read_list(TRANSFORMATION, settings), settings)
    return Definitions(assets=[dbt.step(f"transform_{scope}", scope) for scope in SCOPES])
