"""The graph of all projects: what is in the folder `defs`."""

from pathlib import Path

from dagster import Definitions, definitions, load_from_defs_folder

from shared.utils.private import keep_private


@definitions
def defs() -> Definitions:
    """Return assets, checks, jobs, schedules and sensors."""
    # Dagster's own commands load this too, and what they write is as private as what ours do.
    keep_private()
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
