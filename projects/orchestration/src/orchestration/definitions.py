"""The graph of all projects: what is in the folder `defs`."""

from pathlib import Path

from dagster import Definitions, definitions, load_from_defs_folder


@definitions
def defs() -> Definitions:
    """Return assets, checks, jobs, schedules and sensors."""
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
