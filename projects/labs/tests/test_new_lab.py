"""new-lab: a lab that runs at once, or nothing at all."""

from __future__ import annotations

import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Labs
from labs.names import reserved_words, sql_names

from shared.config.labs import find_lab, read_registry
from shared.config.paths import get_lab_db_path

MIXED = (
    "Order ID,Größe (cm),order,when,flag,zip,price,note\n"
    "1,2.5,a,2020-01-01,true,00123,10.50,\n"
    "2,,b,2020-01-02 10:00,false,10000,2,\n"
)


def everything(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with what is in them."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_lab_of_a_nasty_file_runs_at_once(labs: Labs, labs_dir: Path, tmp_path: Path) -> None:
    """Types and names are found, models and tests written, the lab registered and documented; it runs as it is."""
    path = tmp_path / "My Orders.csv"
    path.write_text(MIXED)
    assert labs("new", "lab9_orders", "--from", str(path), "--description", 'the "orders"') == 0
    lab = find_lab("lab9_orders")
    assert lab.description == 'the "orders"'
    assert "lab9_orders" in (lab.folder / "README.md").read_text()
    assert (lab.raw_dir / "my_orders.csv").read_bytes() == path.read_bytes()
    assert labs("lab9_orders") == 0
    assert list(read_registry()) == [
        "lab1_sales_performance",
        "lab2_forecast_model",
        "lab3_customer_segmentation",
        "lab9_orders",
    ]


@pytest.mark.slow
def test_lab_of_parquet_and_lines_of_json_runs_at_once(labs: Labs, labs_dir: Path, tmp_path: Path) -> None:
    """Files whose rows are no text of fields become raw tables as others do, values and types as they are in them."""
    pq.write_table(pa.table({"Id": [2**62, 2], "Price": [Decimal("1.10"), None]}), tmp_path / "Sold items.parquet")
    (tmp_path / "visits.jsonl").write_text(
        '{"id": 1, "at": {"city": "Köln"}}\nnot json\n{"id": 2, "day": "2024-01-31"}\n'
    )
    files = (str(tmp_path / "Sold items.parquet"), str(tmp_path / "visits.jsonl"))
    assert labs("new", "lab9_records", "--from", *files) == 0
    assert labs("lab9_records", "load", "transform") == 0
    with duckdb.connect(get_lab_db_path("lab9_records"), read_only=True) as database:
        assert database.sql("from silver.slv_sold_items").fetchall() == [(2**62, Decimal("1.10")), (2, None)]
        visits = [(1, '{"city": "Köln"}', None), (2, None, date(2024, 1, 31))]
        assert database.sql("from silver.slv_visits").fetchall() == visits
        refused = database.sql('select "position", reason from ops.quarantine').fetchall()
        assert refused == [(3, "not one object of JSON")]


def test_lab_without_files_has_an_example(labs: Labs, labs_dir: Path) -> None:
    """A lab that is made from nothing has an example to run, see and replace."""
    assert labs("new", "lab9_empty") == 0
    assert labs("lab9_empty", "load", "transform") == 0


def test_names_for_sql_differ() -> None:
    """Names that would become the same in SQL are told apart; none is empty or begins with a digit."""
    assert sql_names(["A b", "a-B", "1st", "?!", "select"], {"select"}) == ["a_b", "a_b_2", "_1st", "column", "select_"]


def test_words_of_sql_are_no_names() -> None:
    """A column that is called as a word which needs quotes, `left` or `at` as well as `select`, gets another name."""
    assert sql_names(["Left", "at", "day"], reserved_words()) == ["left_", "at_", "day"]


def test_names_stay_readable() -> None:
    """Letters beyond ASCII are written as people write them without, and words of one name are parted."""
    raw = ["Größe", "Straße (m²)", "Łódź", "año", "город", "customerID", "U\u0308ber"]
    assert sql_names(raw) == ["groesse", "strasse_m2", "lodz", "ano", "gorod", "customer_id", "ueber"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Lab One",), "no lab can be called so: `Lab One`"),
        (("../outside",), "no lab can be called so: `../outside`"),
        (("status",), "no lab can be called so: `status`"),
        (("a",), "no lab can be called so: `a`"),
        (("lab1_sales_performance",), "there is a lab of this name"),
        (("macros",), "there is a folder of this name that is no lab"),
        (("lab9_x", "--environment", "egress"), "no lab runs in this environment: `egress`"),
        (("lab9_x", "--from", "missing.csv"), "no such file"),
        (("lab9_x", "--from", "empty.csv"), "empty file: `empty.csv`"),
        (("lab9_x", "--from", "doubled.csv"), "column twice in `doubled.csv`: `a`"),
        (("lab9_x", "--from", "template.csv"), "column that dbt would read as a template"),
        (("lab9_x", "--from", "good.csv", "GOOD.csv"), "no table can be called after the file"),
    ],
)
def test_mistake_leaves_nothing_behind(
    labs: Labs,
    labs_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """Each mistake exits 2 with a hint, and neither a folder nor an entry is left."""
    for name, text in {
        "empty": "",
        "doubled": "a,a\n",
        "template": "{{ x }}\n",
        "good": "a\n1\n",
        "GOOD": "a\n1\n",
    }.items():
        (tmp_path / f"{name}.csv").write_text(text)
    monkeypatch.setenv("INIT_CWD", str(tmp_path))
    before = everything(labs_dir)
    assert labs("new", *arguments) == 2
    said = capfd.readouterr().err
    assert f"error: {message}" in said
    assert "hint:" in said
    after = everything(labs_dir)
    after.pop("labs_config.yaml.lock", None)
    assert after == before


def test_failure_while_registering_is_taken_back(labs: Labs, labs_dir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where the registry cannot take the entry, the folder goes and the registry is as it was."""
    registry = labs_dir / "labs_config.yaml"
    # The labs do not come last in it, so that what is appended is no entry of theirs.
    registry.write_text(registry.read_text().replace("version: 1\n", "") + "version: 1\n")
    before = everything(labs_dir)
    assert labs("new", "lab9_x") == 2
    assert "not readable as YAML" in capfd.readouterr().err
    after = everything(labs_dir)
    after.pop("labs_config.yaml.lock", None)
    assert after == before


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_lab_takes_up_a_newer_template(labs: Labs, labs_dir: Path) -> None:
    """What has changed in the template comes into the lab beside its owner's changes; a conflict is marked and told."""
    git(labs_dir, "init", "-q")
    git(labs_dir, "add", ".")
    git(labs_dir, "commit", "-qm", "first")
    assert labs("new", "lab9_old") == 0
    lab = find_lab("lab9_old")
    assert labs("new", "lab9_old", "--update") == 0
    project, readme = lab.folder / "dbt_project.yml", lab.folder / "README.md"
    project.write_text(project.read_text().replace('version: "1.0.0"', 'version: "2.0.0"'))
    readme.write_text(readme.read_text().replace("A lab of its own.", "Mine."))
    template = labs_dir / "template" / "lab"
    for name, before, after in (
        ("dbt_project.yml.jinja", "+materialized: view", "+materialized: table"),
        ("README.md.jinja", "{{ description }}", "About: {{ description }}"),
    ):
        (template / name).write_text((template / name).read_text().replace(before, after))
    (template / "NOTES.md").write_text("new\n")
    git(labs_dir, "add", "template")
    git(labs_dir, "commit", "-qm", "second")
    assert labs("new", "lab9_old", "--update") == 1
    assert 'version: "2.0.0"' in project.read_text()
    assert "+materialized: view" not in project.read_text()
    assert (lab.folder / "NOTES.md").read_text() == "new\n"
    assert "<<<<<<< this lab\nMine.\n" in readme.read_text()
    assert labs("new", "lab9_old", "--update") == 0


def test_lab_that_was_not_made_from_the_template_is_not_updated(
    labs: Labs, labs_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A lab written by hand has nothing to compare with."""
    assert labs("new", "lab1_sales_performance", "--update") == 2
    assert "not made from the template" in capfd.readouterr().err
