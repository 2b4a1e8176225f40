"""The dbt project itself: unit tests, descriptions, and the profile."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from dbt.adapters.base.relation import BaseRelation
from dbt.config.profile import Profile, read_profile
from dbt.config.renderer import ProfileRenderer
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context
from platforms import Platform

from shared.config import get_settings
from shared.dbt.environment import dbt_environment, environment_set
from shared.dbt.run import quotes_doubled
from shared.warehouse.opening import duckdb_path
from transformation.layers import PROJECT_DIR, ROLE, declared_keys


def test_the_unit_tests_pass(on_complete: Platform) -> None:
    """dbt's unit tests, which stand beside the models that compute, pass on each engine."""
    tested = on_complete.dbt("test", "--select", "test_type:unit")
    assert tested.code == 0, tested.err
    assert "21 unit tests" in tested.err


def test_every_column_is_described(on_complete: Platform) -> None:
    """The columns that each model's YAML describes are the columns that the model has, in name and number."""
    described = {}
    for file in [*PROJECT_DIR.glob("models/**/*.yml"), *PROJECT_DIR.glob("seeds/*.yml")]:
        content = yaml.safe_load(file.read_text())
        for model in [*content.get("models", []), *content.get("seeds", [])]:
            assert model["description"]
            assert all(column["description"] for column in model["columns"])
            described[model["name"]] = {column["name"] for column in model["columns"]}
    rows = on_complete.sql(
        "select table_name, string_agg(column_name, ',') from information_schema.columns where table_schema in "
        "('staging', 'core', 'egress') and table_name not like '%_history' group by 1"
    )
    built = {name: set(columns.split(",")) for name, columns in rows}
    # What nobody has loaded here is left out.
    assert len(built) > 30 and built == {name: described[name] for name in built}


def test_every_key_identifies_a_row(on_complete: Platform) -> None:
    """The columns by which a comparison of warehouses matches rows are unique, in each model that names some."""
    keys = {name: key for name, key in declared_keys().items() if key}
    rows = on_complete.sql("select table_name, table_schema from information_schema.tables")
    schemas: dict[str, str] = dict(rows)
    built = {name: key for name, key in keys.items() if name in schemas}
    assert len(built) >= 39
    for name, key in built.items():
        columns = ", ".join(key)
        doubled = f"select {columns} from {schemas[name]}.{name} group by {columns} having count(*) > 1"
        assert on_complete.sql(doubled) == [], name


def credentials() -> Any:
    """Return what profiles.yml makes of the present environment."""
    set_invocation_context(os.environ)
    # As each of dbt's commands does first.
    set_from_args(Namespace(), None)
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


@pytest.mark.parametrize("part", ["plain", "a@b:c/d?e#f", "q\"u'o`te\\s", "{{ 1 }}%41 $$", "12345", "ünïcode ☃"])
def test_dbt_connects_as_the_settings_say(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Login and database of a PostgreSQL URL reach dbt as they are, whatever is in them."""
    name = quote(part, safe="")
    monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://u{name}:p{name}@db.example:6543/d{name}")
    with environment_set(dbt_environment(get_settings(), PROJECT_DIR, ROLE)):
        found = credentials()
    assert (found.type, found.host, found.port) == ("postgres", "db.example", 6543)
    assert (found.user, found.password, found.database) == ("u" + part, "p" + part, "d" + part)


def test_a_url_without_a_login_is_the_projects_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a user in the URL dbt connects as the role of this project, with its password from the passfile."""
    passfile = tmp_path / "passfile"
    passfile.touch(mode=0o600)
    passfile.write_text("*:*:*:platform_transformation:from the file\n")
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://db.example/platform")
    with environment_set(dbt_environment(get_settings(), PROJECT_DIR, ROLE)):
        found = credentials()
    assert (found.user, found.password, found.port) == ("platform_transformation", "from the file", 5432)


def test_what_libpq_is_told_by_the_url_reaches_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options behind the `?` of the URL become the variables that libpq reads them from."""
    monkeypatch.delenv("PGOPTIONS", raising=False)
    monkeypatch.setenv(
        "WAREHOUSE_URL",
        "postgresql://u:p@db.example/d?sslmode=require&channel_binding=require&options=-c%20work_mem%3D1GB",
    )
    variables = dbt_environment(get_settings(), PROJECT_DIR, ROLE)
    assert (variables["PGSSLMODE"], variables["PGCHANNELBINDING"]) == ("require", "require")
    assert variables["PGOPTIONS"].startswith("-c lock_timeout=600000 -c work_mem=1GB -c TimeZone=UTC")


def test_the_password_is_in_one_variable_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all that dbt is given, only the variable that dbt masks holds the password, in no form any other."""
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://u:s%40cret@db.example/d?sslmode=require")
    holding = [name for name, value in dbt_environment(get_settings(), PROJECT_DIR, ROLE).items() if "cret" in value]
    assert holding == ["DBT_ENV_SECRET_WAREHOUSE_PASSWORD"]


def test_quotes_in_names_are_doubled_only_while_dbt_runs() -> None:
    """A quote in a name is doubled while the platform runs dbt, and dbt is as it was before and after."""
    relation = BaseRelation.create(database='a"b', schema="s", identifier="t")
    before = relation.render()
    with quotes_doubled():
        assert relation.render() == '"a""b"."s"."t"'
    assert relation.render() == before != '"a""b"."s"."t"'
