"""The dbt project itself: unit tests, descriptions, and the profile."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Platform
from dbt.config.profile import Profile, read_profile
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context

from shared.config import get_settings
from shared.warehouse.opening import duckdb_path
from transformation.layers import PROJECT_DIR


def test_the_unit_tests_pass(on_complete: Platform) -> None:
    """dbt's unit tests, which stand beside the models that compute, pass."""
    tested = on_complete.dbt("test", "--select", "test_type:unit")
    assert tested.returncode == 0, tested.stdout
    assert "20 unit tests" in tested.stdout


def test_every_column_is_described(on_complete: Platform) -> None:
    """The columns that each model's YAML describes are the columns that the model has, in name and number."""
    described = {}
    for file in PROJECT_DIR.glob("models/**/*.yml"):
        for model in yaml.safe_load(file.read_text()).get("models", []):
            assert model["description"]
            assert all(column["description"] for column in model["columns"])
            described[model["name"]] = {column["name"] for column in model["columns"]}
    rows = on_complete.sql(
        "select table_name, list(column_name) from information_schema.columns where table_schema in "
        "('staging', 'core', 'egress') and table_name not like '%_history' group by 1"
    )
    assert {name: set(columns) for name, columns in rows} == described


def credentials() -> Any:
    """Return what profiles.yml makes of the present environment."""
    set_invocation_context(os.environ)
    return Profile.from_raw_profiles(read_profile(str(PROJECT_DIR)), "platform", ProfileRenderer({})).credentials


@pytest.mark.parametrize(
    ("url", "data_dir"),
    [
        ("", ""),
        ("", "elsewhere"),
        ("", "/absolute/data"),
        ("duckdb:///relative/w.duckdb", ""),
        ("duckdb:////absolute/w.duckdb", "ignored"),
    ],
)
def test_dbt_by_hand_opens_the_file_that_the_settings_name(
    url: str, data_dir: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """profiles.yml finds the same database file from the environment as the shared settings do."""
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(tmp_path))
    monkeypatch.setenv("WAREHOUSE_URL", url)
    monkeypatch.setenv("DATA_DIR", data_dir)
    assert Path(credentials().path) == duckdb_path(get_settings())


def test_a_postgresql_url_chooses_the_other_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheme of WAREHOUSE_URL chooses dbt's target, its parts are the connection, the port has a default."""
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://loader:s3cret@db.example:6543/platform?sslmode=require")
    found = credentials()
    assert (found.type, found.host, found.port, found.user, found.password, found.database) == (
        "postgres", "db.example", 6543, "loader", "s3cret", "platform",
    )  # fmt: skip
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://loader:s3cret@db.example/platform")
    assert credentials().port == 5432
