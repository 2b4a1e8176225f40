"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.config import get_settings
from shared.errors import ConfigurationError


def test_defaults_lie_under_the_root(project: Path) -> None:
    """With nothing set, all data lies under `data` in the project and the warehouse is a DuckDB file there."""
    settings = get_settings()
    assert settings.data_dir == project / "data"
    assert settings.reports_dir == project / "data" / "reports"
    assert settings.warehouse_url == f"duckdb:///{project}/data/warehouse.duckdb"


def test_relative_data_dir_starts_at_the_root(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative DATA_DIR means the same folder wherever the command is run from."""
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    monkeypatch.chdir("/")
    assert get_settings().landing_dir == project / "elsewhere" / "landing"


def test_dbt_keeps_its_files_below_the_data_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What dbt has parsed of a project lies below DATA_DIR, apart for each place where a project of this name is."""
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    here, there = (get_settings().dbt_target_dir(project / place / "sales") for place in ("here", "there"))
    assert here.parent == there.parent == project / "elsewhere" / "dbt"
    assert here != there


def test_empty_variable_is_not_set(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable set to nothing leaves the default."""
    monkeypatch.setenv("WAREHOUSE_URL", "")
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "")
    assert get_settings().warehouse_url.endswith("data/warehouse.duckdb")
    assert get_settings().warehouse_lock_timeout == 600


def test_settings_are_those_of_now(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads them again sees a variable that was set meanwhile, and where it stands now."""
    assert get_settings().data_dir == project / "data"
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    assert get_settings().data_dir == project / "elsewhere"
    other = project / "other"
    other.mkdir()
    (other / "pixi.toml").touch()
    monkeypatch.chdir(other)
    monkeypatch.delenv("PIXI_PROJECT_ROOT")
    assert get_settings().data_dir == other / "elsewhere"


def test_wrong_value_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that cannot be used is an error that names the variable and the value."""
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "soon")
    with pytest.raises(ConfigurationError, match="WAREHOUSE_LOCK_TIMEOUT cannot be used: `soon`"):
        get_settings()


def test_memory_limit_cannot_carry_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory limit, which becomes part of a statement, is a number with a unit and nothing else."""
    monkeypatch.setenv("WAREHOUSE_MEMORY_LIMIT", "1GB'; drop schema raw; --")
    with pytest.raises(ConfigurationError):
        get_settings()


def test_root_is_found_from_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside pixi the root is the nearest folder upwards with a pixi.toml."""
    monkeypatch.delenv("PIXI_PROJECT_ROOT")
    (tmp_path / "pixi.toml").touch()
    below = tmp_path / "projects" / "ingress"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert get_settings().root == tmp_path


def test_no_root_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside any project the error says how to name one."""
    monkeypatch.delenv("PIXI_PROJECT_ROOT")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as raised:
        get_settings()
    assert "PIXI_PROJECT_ROOT" in str(raised.value.hint)
