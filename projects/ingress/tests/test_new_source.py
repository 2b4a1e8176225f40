"""new-source: a source that loads at once, written from a look at the real thing, or nothing at all."""

from __future__ import annotations

import ast
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Project, Serve, on_duckdb_alone
from kinds.sql import SETTING, Postgres
from new_sources import Made, everything, new_source

from ingress.new.command import SOURCES, STAGING

NASTY = (
    'Order ID,Größe (cm),order,when,flag,zip,price,note,"x""] ; import os","{{ config(x) }}"\n'
    "1,2.5,a,31.12.2020,true,00123,10.50,,1,2\n"
    "2,,b,30.12.2020,false,10000,2,,1,2\n"
)


def test_csv_becomes_a_source_that_loads(project: Project, tmp_path: Path) -> None:
    """Types, key, conventions and nulls are found, whatever columns are called; all rows load and are staged."""
    path = tmp_path / "My Orders.csv"
    path.write_text(NASTY)
    made = new_source(project, "shop", "--from", str(path))
    assert made.load() == {"my_orders": 2}
    (first, _) = made.staged()["stg_shop__my_orders"]
    assert str(first["when_value"]) == "2020-12-31" and first["zip"] == "00123" and first["order_id"] == 1


@on_duckdb_alone
def test_names_in_any_script_become_names_in_latin_letters(project: Project, tmp_path: Path) -> None:
    """Columns and files whose names have no Latin letter are told apart in raw and in staging, load after load."""
    path = tmp_path / "Клиенты.csv"
    path.write_text("Номер,Имя,Дата_ID,番号,名前,Όνομα,الاسم\n1,Анна,5,7,花子,Ελένη,ليلى\n2,Олег,6,8,太郎,Νίκος,علي\n")
    made = new_source(project, "clients", "--from", str(path))
    assert (made.load(), made.load()) == ({"klienty": 2}, {"klienty": 2})
    (first, _) = made.staged()["stg_clients__klienty"]
    named = ("nomer", "imia", "data_id", "fan_hao", "ming_qian", "onoma", "lsm")
    assert [first[name] for name in named] == [1, "Анна", 5, 7, "花子", "Ελένη", "ليلى"]


@on_duckdb_alone
def test_how_text_is_written_is_declared(project: Project, tmp_path: Path) -> None:
    """What looking at a file finds of its values, or the user says of its form, stands in the module; all rows load."""
    lines = (
        "a report",
        "id|paid|The Amount That Is To Be Paid Once|on",
        "1|ja|1.234,50|31.12.24",
        "2|nein|0,75|30.12.24",
        "3|ja|12,00|29.12.24",
    )
    (tmp_path / "export.txt").write_text("\n".join(lines), encoding="cp1252")
    declared = ("--encoding", "cp1252", "--skip", "1", "--delimiter", "|")
    made = new_source(project, "bank", "--from", str(tmp_path / "export.txt"), *declared)
    assert 'Files("bank", "export.txt", encoding="cp1252", delimiter="|", skip=1)' in made.text
    assert re.search(r"on +str, such as `31.12.24`; dates, but .* declare .*: in the row model by `Written`", made.said)
    assert max(map(len, made.text.splitlines())) <= 120
    assert made.load() == {"export": 3}
    rows = project.fetch(
        'select paid, the_amount_that_is_to_be_paid_once, "on" from raw.bank_export order by id limit 1'
    )
    assert rows == [(True, Decimal("1234.50"), "31.12.24")]


@on_duckdb_alone
def test_parquet_in_the_landing_folder_stays_there(project: Project) -> None:
    """Types are the file's, nested columns come as text, and the newest of the pattern's files is looked at."""
    folder = project.landing / "drop"
    folder.mkdir(parents=True)
    table = pa.table(
        {
            "code": pa.array(["a", "b", "b"]),
            "line": pa.array([1, 1, 2], pa.int32()),
            "price": pa.array([1, None, 3], pa.decimal128(9, 2)),
            "tags": pa.array([["x"], [], None]),
            "size": pa.array([1, 2, 2**64 - 1], pa.uint64()),
            "lot": pa.array([1, 2, 2**63 - 1], pa.uint64()),
            "read_at": pa.array([1, None, 10**9], pa.timestamp("ns")),
            "sent_at": pa.array([10**9, None, 2 * 10**9], pa.timestamp("ns")),
        }
    )
    pq.write_table(table, folder / "2026-01.parquet")
    made = new_source(project, "drop", "--from", str(folder / "*.parquet"), "--key", "code,line", "--table", "lines")
    assert 'Files("drop", "*.parquet")' in made.text and made.load() == {"lines": 3}
    assert [row["price"] for row in made.staged()["stg_drop__lines"]].count(None) == 1
    assert project.fetch("select tags from raw.drop_lines order by code, line") == [('["x"]',), ("[]",), (None,)]
    # What no type of a row model holds comes as text, too.
    assert project.fetch("select size, lot, read_at, sent_at::varchar from raw.drop_lines order by code, line") == [
        ("1", 1, "1970-01-01 00:00:00.000000001", "1970-01-01 00:00:01"),
        ("2", 2, None, None),
        ("18446744073709551615", 2**63 - 1, "1970-01-01 00:00:01.000000000", "1970-01-01 00:00:02"),
    ]


@on_duckdb_alone
def test_tables_without_a_key_are_left_out(project: Project) -> None:
    """Of a database all tables are looked at; one without a key is left out, which is said, as is what to set."""
    file = project.root / "shop.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript('create table "Orders" (id integer primary key); create table log (line text)')
    made = new_source(project, "shop", "--from", f"sqlite:///{file}")
    assert "log:\n  no key: left out" in made.said and f"set SHOP_DATABASE_URL to sqlite:///{file}" in made.said
    assert [resource.name for resource in made.source.resources] == ["orders"]


@on_duckdb_alone
def test_parts_of_a_table_are_no_tables_of_their_own(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a table that PostgreSQL has parted all rows are loaded, and once."""
    with Postgres.opened(project.root, monkeypatch) as place:
        assert isinstance(place, Postgres)
        place.execute("create table sales (id int, day date, primary key (id, day)) partition by range (day)")
        place.execute("create table sales_2024 partition of sales for values from ('2024-01-01') to ('2025-01-01')")
        place.execute("insert into sales values (1, '2024-02-29'); commit")
        made = new_source(project, "shop", "--from", SETTING)
        assert made.load() == {"sales": 1}


@on_duckdb_alone
def test_cursor_key_and_deletions_are_declared(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database keeps no key it is given, as is the cursor; marks of deleted rows are left out by staging."""
    file = project.root / "shop.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("create table orders (id bigint, changed_at datetime, gone boolean)")
        connection.execute(
            "insert into orders values (1, '2026-01-01 10:00:00', true), (2, '2026-01-02 10:00:00', null)"
        )
        connection.commit()
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{file}")
    declared = ("--key", "id", "--cursor", "changed_at", "--deletions", "flag:gone")
    made = new_source(project, "shop", "--from", "SHOP_DB", "--table", "orders", *declared)
    assert 'Sql("SHOP_DB", "orders", cursor="changed_at")' in made.text
    assert made.load() == {"orders": 2}
    assert project.fetch("select id from raw.shop_orders where _deleted_at is not null") == [(1,)]
    assert "where {{ alive(source('raw', 'shop_orders')) }}" in sql_of(made)


def sql_of(made: Made) -> str:
    """Return the staging models of a source."""
    return "".join(path.read_text() for path in (made.project.root / STAGING / made.name).glob("*.sql"))


# What would be code in Python, YAML, SQL or dbt if it were written as it is.
HOSTILE = [
    'x"] ; import os',
    "{{ config(pre_hook='drop table x') }}",
    '"""; raise SystemExit; """',
    "a\nb: c",
    "class",
    "order",
    "schema",
    "model_config",
    "__class__",
    "_id",
    "\u202etxet",
    "𝐢𝐝𝐞",
    "-- comment",
    "'; drop table raw.x; --",
    "%(x)s {0} ${y}",
    "back\\slash",
    "both\"'] ; import os #",
    "tail\\",
    "a # noqa",
    "yes",
]


@pytest.mark.filterwarnings("ignore:Field name:UserWarning")
def test_names_from_a_server_are_never_code(project: Project, serve: Serve) -> None:
    """Whatever fields are called, the module has texts alone, the models names of their own, and the rows load."""
    row = dict.fromkeys(HOSTILE, 'v\n{{ x }}"') | {"x" * 300: 1, "": 2}
    serve(lambda api, *_: (200, {}, {"data": api.rows}), [{"id": number, **row} for number in (1, 2)])
    made = new_source(project, "evil", "--from", "API_URL/list")
    # Beside a name that raw cannot have, nothing comes that is not in the row model.
    assert "not loaded, as the contract is `report`" in made.said and "comes as text" not in made.said
    calls = [node for node in ast.walk(ast.parse(made.text)) if isinstance(node, ast.Call)]
    assert {ast.unparse(call.func) for call in calls} == {"row_model", "Resource", "Source", "Rest"}
    assert {ast.unparse(node) for node in ast.walk(ast.parse(made.text)) if isinstance(node, ast.Import)} == set()
    assert all(line.isprintable() for line in made.text.splitlines()) and "\x1b" not in made.said
    assert re.findall("{{ .*? }}", sql_of(made)) == [
        "{{ source('raw', 'evil_list') }}",
        "{{ load_time('_dlt_load_id') }}",
    ]
    assert made.load() == {"list": 2}
    staged = made.staged()["stg_evil__list"]
    assert len(staged) == 2 and all(re.fullmatch("[a-z0-9_]+", name) for name in staged[0])


@on_duckdb_alone
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Shop", "--from", "good.csv"), "no source can be called so: `Shop`"),
        (("../x", "--from", "good.csv"), "no source can be called so"),
        (("class", "--from", "good.csv"), "no source can be called so"),
        (("taken", "--from", "good.csv"), "there is something of this name"),
        (("shop", "--from", "missing.csv"), "no such file: `missing.csv`"),
        (("shop", "--from", "twice.csv"), "columns of `twice` that raw cannot tell apart: `A b`, `a_b`"),
        (("shop", "--from", "header.csv"), "no row in `header.csv`"),
        (("shop", "--from", "keyless.csv"), "no column identifies a row of `keyless`"),
        (("shop", "--from", "good.csv", "--key", "nope"), "no column that a key can have: `nope`"),
        (("shop", "--from", "good.csv", "--key", "id,n"), "rows are not told apart by: `id`, `n`"),
        (("pos", "--from", "good.csv"), "there is a source of this name: `pos`"),
        (("shop", "--from", "wide.jsonl"), "more than 1,500 columns: 1,501"),
        (("shop", "--from", "good.csv", "--table", "A;B"), "no resource can be called so: `A;B`"),
        (("shop", "--from", "postgresql://me:secret-1@h/d"), "an address with a login"),
        (("shop", "--from", "https://me:secret-1@h/d"), "an address with a login"),
        (("shop", "--from", "https://h/d?api_key=secret-1"), "a secret in the address: `api_key`"),
        (("shop", "--from", "API_URL/list", "--login", "bearer:secret-1"), "not a login"),
        (("shop", "--from", "good.csv", "--login", "bearer:SHOP_TOKEN"), "not for a file: `--login`"),
        (("shop", "--from", "NO_SUCH_VARIABLE"), "NO_SUCH_VARIABLE is not set"),
        (("shop", "--from", "API_URL/list"), "`http://127.0.0.1:"),
    ],
)
def test_mistake_leaves_nothing(
    project: Project,
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """Each mistake exits 2 with a hint, says no secret, and leaves no file."""
    serve(lambda *_: (200, {}, {"error": "busy \x1b[31m", "items": []}), [])
    texts = {"good.csv": "no,id,n\n1,5,5\n2,5,5\n", "twice.csv": "id,A b,a_b\n1,2,3\n", "keyless.csv": "a\n1\n1\n"}
    texts["header.csv"] = "id,n\n"
    texts["wide.jsonl"] = json.dumps({f"c{number}": 1 for number in range(1_501)})
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    taken = tmp_path / SOURCES / "taken.py"
    taken.parent.mkdir(parents=True)
    taken.write_text("")
    monkeypatch.setenv("INIT_CWD", str(tmp_path))
    before = everything(tmp_path)
    code, said = project.ingress("new", *arguments)
    assert code == 2, said
    assert f"error: {message}" in said and "hint: " in said
    assert "secret-1" not in said and "\x1b" not in said
    assert everything(tmp_path) == before and not list(project.landing.glob("*"))


# Ends amid its files as `kill -9` would end it.
KILLED = """
import itertools, os, pathlib, sys
rename, count = pathlib.Path.rename, itertools.count()
def dying(self, target):
    if self.name == "draft" and next(count) == 3:
        os.kill(os.getpid(), 9)
    return rename(self, target)
pathlib.Path.rename = dying
from ingress.__main__ import main
main(["new", "shop", "--from", sys.argv[1]])
"""


@on_duckdb_alone
def test_what_a_killed_call_has_left_goes_with_the_next(project: Project, tmp_path: Path) -> None:
    """Half a source is taken back whatever comes of the next call; nothing that git would see is left."""
    (tmp_path / "good.csv").write_text("id\n1\n2\n")
    (tmp_path / "projects").mkdir()
    before = everything(tmp_path)
    line = [sys.executable, "-c", KILLED, str(tmp_path / "good.csv")]
    assert subprocess.run(line, check=False, capture_output=True, timeout=60).returncode == -9
    assert everything(tmp_path) != before
    assert project.ingress("new", "shop", "--from", "missing.csv")[0] == 2
    assert everything(tmp_path) == before and not list(project.landing.glob("*"))
    assert new_source(project, "shop", "--from", str(tmp_path / "good.csv")).load() == {"good": 2}


@on_duckdb_alone
def test_what_fails_amid_its_files_leaves_none(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full before the last file takes the others away with it, and the copy of what was looked at."""
    (tmp_path / "good.csv").write_text("id\n1\n2\n")
    (tmp_path / "projects").mkdir()
    before, rename, count = everything(tmp_path), Path.rename, iter(range(9))

    def failing(self: Path, target: Path) -> Path:
        if self.name == "draft" and next(count) == 3:
            raise OSError("disk full")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    assert project.ingress("new", "shop", "--from", str(tmp_path / "good.csv"))[0] == 1
    assert everything(tmp_path) == before and not list(project.landing.glob("*"))
