"""Where Dagster keeps its runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from dagster import DagsterRunStatus, Definitions, asset
from orchestration.home import instance, prepare_home, variables

from shared.config import get_settings
from shared.errors import ConfigurationError
from shared.postgres import passfile
from shared.postgres.errors import ServerUnavailable
from shared.postgres.server import free_port


@asset(pool="warehouse")
def something() -> None:
    """Do nothing."""


JOB = Definitions(assets=[something]).resolve_implicit_global_asset_job_def()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a data folder of the test's own, and an environment that is put back."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "")
    return tmp_path


def test_home_is_in_the_data_folder(data: Path) -> None:
    """The home lies under DATA_DIR, with telemetry off and one step a pool at a time."""
    assert prepare_home(get_settings()) == data / "dagster"
    with instance(get_settings()) as opened:
        assert not opened.telemetry_enabled
        assert not opened.nux_enabled
        pools = opened.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, pools.pool_granularity and pools.pool_granularity.value) == (1, "op")
        assert opened.run_monitoring_enabled
    assert (data / "dagster" / "history" / "runs.db").is_file()


def test_configuration_follows_the_project(data: Path) -> None:
    """A dagster.yaml of an earlier version is replaced."""
    (data / "dagster").mkdir()
    (data / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    prepare_home(get_settings())
    assert yaml.safe_load((data / "dagster" / "dagster.yaml").read_text())["telemetry"] == {"enabled": False}


@pytest.mark.usefixtures("dagster_database")
def test_runs_are_kept_in_postgres(data: Path) -> None:
    """With DAGSTER_POSTGRES_URL runs are kept in that database, none in a file; the passfile has the password."""
    with instance(get_settings()) as opened:
        run = JOB.execute_in_process(instance=opened)
    with instance(get_settings()) as opened:
        found = opened.get_run_by_id(run.run_id)
        assert found
        assert found.status is DagsterRunStatus.SUCCESS
        assert opened.all_logs(run.run_id)
    assert not (data / "dagster" / "history").exists()


def test_password_is_in_no_file(data: Path, dagster_database: str) -> None:
    """The password is handed to Dagster's processes by their environment, and written nowhere."""
    prepare_home(get_settings())
    (password,) = {entry.password for entry in passfile.read(get_settings().passfile)}
    assert password in variables(get_settings())["DAGSTER_POSTGRES_URL"]
    assert password not in dagster_database
    assert all(password not in path.read_text() for path in (data / "dagster").iterdir() if path.is_file())


def test_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot be reached is an error before anything is started."""
    port = free_port()
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", f"postgresql://127.0.0.1:{port}/dagster")
    with pytest.raises(ServerUnavailable, match=str(port)):
        prepare_home(get_settings())


def test_url_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no PostgreSQL URL is the user's mistake, by the variable's name."""
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "sqlite:///x")
    with pytest.raises(ConfigurationError, match="DAGSTER_POSTGRES_URL"):
        prepare_home(get_settings())
