"""`new-model`: relations are looked at, and a model of them is written, built and tested, or nothing at all."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from platforms import DuckDBPlatform, Finished, Platform

from shared.warehouse.sql.catalog import Field
from shared.warehouse.sql.types import kind_of
from transformation.layers import PROJECT_DIR
from transformation.new import command
from transformation.new.columns import type_of
from transformation.new.files import NewModel
from transformation.new.look import looked_at

Call = Callable[..., Finished]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with a copy of the dbt project, which the command writes to."""
    made = tmp_path / "projects" / "transformation"
    made.mkdir(parents=True)
    shutil.copytree(PROJECT_DIR / "models", made / "models")
    for name in command.SETTINGS:
        shutil.copyfile(PROJECT_DIR / name, made / name)
    (tmp_path / ".gitignore").write_text(".pixi/\n")
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.setattr(command.new_model, "__kwdefaults__", {"project": made})
    return made


def status(project: Path) -> str:
    """Return what git has to say of the repository."""
    return subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=project, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def call(project: Path, on_complete: Platform) -> Call:
    """Run the command on a complete platform."""
    root = {"PIXI_PROJECT_ROOT": str(project.parents[1])}

    def run(*words: str) -> Finished:
        before = on_complete.environment
        on_complete.environment = {**before, **root}
        try:
            return on_complete.transform("new-model", *words)
        finally:
            on_complete.environment = before

    return run


def test_model_is_written_built_and_tested(call: Call, project: Path, on_complete: Platform) -> None:
    """A model of a table has its rows and columns in their types, a contract, and tests of the key that was found."""
    done = call("crm_people", "--layer", "egress", "--from", "egress.retl_crm_customers")
    assert done.code == 0, done.err
    assert "`egress.crm_people`, 5,000 rows, 13 columns, rows by `customer_id`" in done.err
    assert "tests: 2 of 2 passed" in done.err
    difference = "(select * from egress.crm_people except select * from egress.retl_crm_customers) as d"
    assert on_complete.sql(f"select count(*) from {difference}") == [(0,)]
    folder = "projects/transformation/models/egress/reverse_etl"
    assert status(project).split() == ["??", f"{folder}/crm_people.sql", "??", f"{folder}/crm_people.yml"]
    (model,) = yaml.safe_load((project / "models/egress/reverse_etl/crm_people.yml").read_text())["models"]
    assert model["columns"][0] == {
        "name": "customer_id",
        "description": "Customer id.",
        "data_type": "varchar",
        "constraints": [{"type": "not_null"}],
        "data_tests": ["not_null", "unique"],
    }
    assert call("crm_people", "--layer", "egress", "--from", "egress.customer_360").code == 2


def test_model_of_several_relations(call: Call, on_complete: Platform, project: Path) -> None:
    """Others are joined by a column that is unique in them, master's are declared as sources, no row is doubled."""
    on_complete.sql(
        "create table master.scores as select entity_id, cast(1.25 as decimal(6, 2)) as score, "
        "cast('{\"a\": 1}' as json) as detail from master.golden_customer where entity_id like '%1%'",
        role="entity_resolution",
    )
    done = call("scored", "--layer", "egress", "--from", "egress.customer_360", "master.scores", "--key", "entity_id")
    assert done.code == 0, done.err
    assert "`master.scores` is joined by `entity_id`" in done.err
    counts = "select count(*), count(score), count(distinct entity_id), min(score), min(detail) from egress.scored"
    ((rows, scored, keys, score, detail),) = on_complete.sql(counts)
    ((wanted, there),) = on_complete.sql(
        "select (select count(*) from egress.customer_360), (select count(*) from master.scores)"
    )
    assert (rows, keys, scored) == (wanted, wanted, there)
    assert (str(score), detail.replace(" ", "")) == ("1.25", '{"a":1}')
    written = yaml.safe_load((project / "models/egress/reverse_etl/scored.yml").read_text())
    assert written["sources"][0]["tables"][0]["name"] == "scores"


def test_mistakes_leave_nothing(call: Call, project: Path) -> None:
    """A name, layer, relation or key that cannot be is refused with a hint that says what there is, at exit 2."""
    table = ("--layer", "egress", "--from", "core.dim_stor")
    for words, said in {
        ("Bad Name", *table): "no model can be called so: `Bad Name`",
        ("select", *table): "or none can have it: `select`",
        ("customer_360", *table): "there is a model of this name",
        ("dim_store", *table): "there is a model of this name",
        ("fresh", *table): "there is no such relation: `core.dim_stor`\nhint: did you mean `core.dim_store`?",
        ("fresh", "--layer", "core", "--from", "master.golden_customer"): "a model of core does not read `master.",
        ("fresh", "--layer", "egress", "--from", "raw.pos_products"): "hint: it reads core, master, egress",
        ("fresh", *table[:3], "core.fct_sales"): "no column of `core.fct_sales` has a value of its own",
        ("fresh", *table[:3], "core.dim_store", "--key", "stor_id"): "no column that could be the key: `stor_id`",
        ("fresh", *table[:3], "core.dim_store", "core.dim_store"): "not 1 to 5 different relations",
        ("fresh", *table[:3], "core.dim_store", "core.fct_sales"): "no column of both has a value of its own",
    }.items():
        done = call(*words)
        assert (done.code, said in done.err) == (2, True), done.err
    assert status(project) == ""


def test_failure_leaves_nothing(
    call: Call, project: Path, on_complete: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a test of the model fails, its relation is dropped and no file is there; the next call begins anew."""

    def wrong_key(*given: Any) -> NewModel:
        return replace(looked_at(*given), key="party_count")

    monkeypatch.setattr(command, "looked_at", wrong_key)
    done = call("fresh", "--layer", "egress", "--from", "egress.customer_360")
    assert (done.code, "unique" in done.err) == (1, True), done.err
    assert status(project) == ""
    assert on_complete.sql("select count(*) from information_schema.tables where table_name = 'fresh'") == [(0,)]


@pytest.mark.parametrize("step", ["publish", "say"])
def test_kill_leaves_nothing(step: str, duckdb_platform: DuckDBPlatform, project: Path) -> None:
    """Killed before publishing or after it, a call leaves no file or all, and the next one works or finds the model."""
    duckdb_platform.start_from("complete")
    duckdb_platform.environment["PIXI_PROJECT_ROOT"], root = (
        str(project.parents[1]),
        duckdb_platform.environment["PIXI_PROJECT_ROOT"],
    )
    words = ["fresh", "--layer", "core", "--from", "core.dim_store"]
    try:
        child = multiprocessing.get_context("fork").Process(target=dying, args=(duckdb_platform, step, words))
        child.start()
        child.join(120)
        assert child.exitcode == -signal.SIGKILL
        whole = len(status(project).splitlines()) == 2
        assert whole == (step == "say") or status(project) == ""
        done = duckdb_platform.transform("new-model", *words)
    finally:
        duckdb_platform.environment["PIXI_PROJECT_ROOT"] = root
    assert done.code == (2 if whole else 0), done.err
    assert len(status(project).splitlines()) == 2
    assert duckdb_platform.sql("select count(*) > 0 from core.fresh") == [(True,)]


def dying(platform: DuckDBPlatform, step: str, words: Sequence[str]) -> None:
    """Run the command, and be killed where it calls this function; after it where that is what it says in the end."""
    setattr(command, step, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
    platform.transform("new-model", *words)


@pytest.mark.parametrize(
    ("type_", "wanted"),
    [
        ("VARCHAR", ("varchar", False)),
        ("character varying(20)", ("varchar", False)),
        ("DECIMAL(18,2)", ("decimal(18, 2)", False)),
        ("numeric(18,2)", ("decimal(18, 2)", False)),
        ("numeric", ("varchar", True)),
        ("HUGEINT", ("decimal(38, 0)", True)),
        ("UHUGEINT", ("", False)),
        ("BIGINT", ("bigint", False)),
        ("DOUBLE", ("double precision", False)),
        ("real", ("double precision", True)),
        ("timestamp with time zone", ("timestamp with time zone", False)),
        ("timestamp(6) with time zone", ("timestamp with time zone", False)),
        ("TIMESTAMP_NS", ("timestamp", True)),
        ("json", ("varchar", True)),
        ("INTEGER[]", ("", False)),
        ("bytea", ("", False)),
    ],
)
def test_types_that_both_engines_have(type_: str, wanted: tuple[str, bool]) -> None:
    """A column has a type that both engines know and that holds each of its values, or none."""
    base = type_.lower() if type_.endswith("]") else type_.lower().partition("(")[0]
    base += " with time zone" if ") with time zone" in type_ else ""
    assert type_of(Field("c", type_, base, kind_of(base))) == wanted
