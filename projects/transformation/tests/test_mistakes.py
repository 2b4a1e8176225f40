"""What a user gets told when something is missing or wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

from platforms import NO_TESTS, Platform

from transformation.layers import PROJECT_DIR


def test_without_raw_tables_ingest_is_named(on_raw: Platform) -> None:
    """A missing raw table stops the build before dbt starts, by name and with the command that loads it."""
    on_raw.sql("drop table raw.loyalty_members", role="ingress")
    done = on_raw.transform("build")
    assert done.code == 2
    assert "error: the warehouse lacks what this step reads: `raw.loyalty_members`" in done.err
    assert "hint: run `./pixiw run ingest` first" in done.err
    assert on_raw.sql("select status from ops.run order by sequence desc limit 1") == [("failed",)]


def test_without_master_everything_but_egress_is_built(on_core: Platform) -> None:
    """`build` on a platform that never resolved builds core and says what egress waits for."""
    command = " ".join(("build", "all", *NO_TESTS))
    assert on_core.sql("select command, status from ops.run") == [(command, "succeeded")]
    assert "building core only: egress waits for `./pixiw run resolve`" in on_core.told
    built = "select table_schema, count(*) > 0 from information_schema.tables where table_schema in ('core', 'egress')"
    assert on_core.sql(f"{built} group by 1") == [("core", True)]


def test_egress_without_master_or_core_names_what_makes_them(on_raw: Platform) -> None:
    """`build egress` asks first for core and then for the master layer."""
    done = on_raw.transform("build", "egress")
    assert (done.code, "run `./pixiw run transform-core` first" in done.err) == (2, True)
    on_raw.start_from("core")
    done = on_raw.transform("build", "egress")
    assert (done.code, "run `./pixiw run resolve` first" in done.err) == (2, True)


def test_another_database_is_refused_by_name(platform: Platform) -> None:
    """A lab's database is not touched: not by the command, not by dbt called by hand, not by dbt itself."""
    platform.start_from("empty")
    platform.sql("update ops.identity set name = 'lab1'")
    said = "expected the database of `warehouse`, found that of `lab1`"
    done = platform.transform("build")
    assert (done.code, said in done.err) == (2, True)
    for run in (platform.dbt, platform.bare_dbt):
        by_hand = run("build", "--select", "stg_pos__products")
        assert by_hand.code != 0
        assert said in by_hand.err
    built = "select count(*) from information_schema.tables where table_schema in ('staging', 'core', 'egress')"
    assert platform.sql(built) == [(0,)]


def test_a_database_without_identity_is_refused(platform: Platform) -> None:
    """What is no warehouse is not written to by dbt, however it is called."""
    platform.start_from("empty")
    platform.sql("drop schema ops cascade", "create table raw.anything (a int)")
    for run in (platform.dbt, platform.bare_dbt):
        by_hand = run("build", "--select", "stg_pos__products")
        assert by_hand.code != 0
        assert "has no identity" in by_hand.err


def test_dbt_by_hand_works_on_the_same_database(on_core: Platform) -> None:
    """dbt called by hand finds the warehouse and its login, prints what dbt prints and ends with dbt's exit code."""
    by_hand = on_core.dbt("build", "--select", "dim_store")
    assert by_hand.code == 0, by_hand.err
    assert "OK created sql table model core.dim_store" in by_hand.err
    mistaken = on_core.dbt("build", "--no-such-option")
    assert (mistaken.code, "No such option" in mistaken.err) == (2, True)


def test_dbt_by_hand_waits_for_whoever_transforms(on_core: Platform) -> None:
    """A command of dbt's that uses the database takes the project's lock; one that only parses does not."""
    on_core.environment["WAREHOUSE_LOCK_TIMEOUT"] = "0.1"
    with on_core.open(write=True):
        waiting = on_core.dbt("run", "--select", "dim_store")
        parsed = on_core.dbt("ls", "--select", "dim_store")
    on_core.environment["WAREHOUSE_LOCK_TIMEOUT"] = "20"
    assert (waiting.code, "in use" in waiting.err) == (1, True)
    assert "hint: run it again when that has ended" in waiting.err
    assert (parsed.code, "transformation.core.dimensions.dim_store" in parsed.err) == (0, True)


def test_a_configuration_key_without_a_model_is_an_error(on_raw: Platform, tmp_path: Path) -> None:
    """A key in dbt_project.yml that matches no model stops dbt, which by itself only warns."""
    project = tmp_path / "projects" / "transformation"
    (tmp_path / "shared").symlink_to(PROJECT_DIR.parents[1] / "shared")
    shutil.copytree(PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs", "src", "*.py", "__pycache__"))
    settings = project / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("    core:\n", "    kore:\n"))
    parsed = on_raw.bare_dbt("parse", "--target-path", str(tmp_path / "target"), project=project)
    assert parsed.code != 0
    assert "models.transformation.kore" in parsed.err


def test_a_failed_test_is_named_and_stops_what_depends_on_it(on_core: Platform) -> None:
    """A customer id that occurs twice fails its test: exit 1, the test by name, nothing built on top."""
    on_core.insert_copies("raw.crm_customers", "where customer_id = 'C-00007'")
    done = on_core.transform("build", "core", "--select", "+dim_customer")
    assert done.code == 1
    assert "✗ test unique_stg_crm__customers_customer_id: Got 1 result" in done.err
    assert "error: 1 of " in done.err
    assert "hint: correct the data or the model" in done.err
    assert on_core.sql("select count(*) from core.dim_customer") == [(10_000,)]
    last = on_core.sql("select run_id, status from ops.run order by sequence desc limit 1")[0]
    assert last[1] == "failed"
    failed = on_core.sql(f"select value from ops.run_metric where run_id = '{last[0]}' and name = 'tests_failed'")
    assert failed == [(1.0,)]


def test_a_failed_model_is_named_with_its_message(on_core: Platform) -> None:
    """A raw table that lost a column fails the model that reads it, with the engine's message."""
    on_core.sql("drop view staging.stg_pos__demographics", "alter table raw.pos_demographics drop column income")
    done = on_core.transform("build", "core", "--select", "stg_pos__demographics")
    assert done.code == 1
    assert "✗ model staging.stg_pos__demographics" in done.err
    assert "income" in done.err


def test_a_wrong_argument_is_a_user_error(on_raw: Platform) -> None:
    """An unknown scope ends with exit 2, an error and the usage as its hint."""
    done = on_raw.transform("build", "everything")
    assert done.code == 2
    assert "error: argument scope: invalid choice: 'everything'" in done.err
    assert "hint: usage:" in done.err


def test_a_selector_that_finds_nothing_is_an_error(on_core: Platform) -> None:
    """A typing error in --select does not pass as a build of nothing."""
    done = on_core.transform("build", "core", "--select", "fct_salez")
    assert done.code == 1
    assert "fct_salez" in done.err
