"""Where a lab keeps what, by its name: what notebooks and scripts need to open it."""

from __future__ import annotations

from pathlib import Path

from shared.config.labs import find_lab


def get_lab_path(name: str) -> Path:
    """Return the folder of a lab's dbt project; errors as `shared.config.labs.find_lab`."""
    return find_lab(name).folder


def get_lab_db_path(name: str) -> Path:
    """Return a lab's DuckDB file, which may not be there yet; errors as `shared.config.labs.find_lab`."""
    return find_lab(name).database


def get_lab_raw_path(name: str) -> Path:
    """Return the folder of a lab's CSV files; errors as `shared.config.labs.find_lab`."""
    return find_lab(name).raw_dir
