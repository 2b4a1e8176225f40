"""Loading raw files: types, every defect a CSV file can have, and what is loaded again when."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from labs.check import show_raw_files
from labs.load import Loaded, load

from shared.command_line import command
from shared.config import get_settings
from shared.config.labs import Lab, find_lab
from shared.errors import ConfigurationError, InputError
from shared.monitoring import record_run
from shared.testing.secrets import marked, marks_below, marks_in, settings_with_secrets
from shared.utils.console import say
from shared.warehouse import Warehouse
from shared.warehouse.lab_database import open_lab

SOURCES = """
sources:
  - name: raw
    schema: raw
    tables:
      - name: sales
        columns:
          - {name: id, data_type: integer}
          - {name: label, data_type: varchar}
          - {name: amount, data_type: "decimal(8, 2)"}
          - {name: day, data_type: date}
"""
HEADER = "id,label,amount,day\n"
GOOD = HEADER + "1,first,10.50,2020-01-31\n2,second,,2020-02-01\n3,third,-1,\n"
Load = Callable[[], Loaded]


@pytest.fixture
def lab(labs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Make a lab with one raw table, and let files count as whole at once."""
    folder = labs_dir / "small"
    (folder / "models" / "bronze").mkdir(parents=True)
    (folder / "models" / "bronze" / "_sources.yml").write_text(SOURCES)
    (folder / "data" / "raw").mkdir(parents=True)
    (labs_dir / "labs_config.yaml").write_text("version: 1\nlabs:\n  small: {description: small}\n")
    monkeypatch.setattr("labs.load.SETTLE_SECONDS", 0.0)
    return find_lab("small")


@pytest.fixture
def database(lab: Lab) -> Iterator[Warehouse]:
    """Open the lab's database."""
    with open_lab(lab, get_settings(), holder="test", mode="write") as opened:
        yield opened


@pytest.fixture
def load_now(lab: Lab, database: Warehouse) -> Load:
    """Return a function that loads the lab."""

    def now() -> Loaded:
        with record_run(database, step="load", command="test") as run:
            return load(lab, database, run)

    return now


def write(lab: Lab, content: str | bytes, name: str = "sales.csv") -> Path:
    """Write a raw file."""
    path = lab.raw_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def sales(database: Warehouse) -> list[tuple[Any, ...]]:
    """Return the raw table's rows."""
    return database.fetch("select * from raw.sales order by 1")


def bad(database: Warehouse) -> list[tuple[Any, ...]]:
    """Return position and reason of the rows in the quarantine that are still open."""
    return database.fetch(
        'select "position", reason from ops.quarantine where resolved_at is null order by origin, "position"'
    )


def test_values_arrive_in_their_types(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """Each column has the declared type, an empty field is null."""
    write(lab, GOOD)
    assert load_now() == Loaded({"sales": 3}, 0)
    assert sales(database) == [
        (1, "first", Decimal("10.50"), date(2020, 1, 31)),
        (2, "second", None, date(2020, 2, 1)),
        (3, "third", Decimal("-1.00"), None),
    ]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("first", "Größe €").encode("cp1252"),
        GOOD.encode("utf-16"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.rstrip("\n"),
        GOOD + "\n\n",
    ],
    ids=["crlf", "byte order mark", "cp1252", "utf-16", "semicolons", "tabs", "no end of line", "blank lines"],
)
def test_any_way_of_writing_is_read(lab: Lab, database: Warehouse, load_now: Load, content: str | bytes) -> None:
    """Line ends, encodings and delimiters are found out; the rows are the same."""
    write(lab, content)
    assert load_now() == Loaded({"sales": 3}, 0)
    assert [row[0] for row in sales(database)] == [1, 2, 3]
    assert sales(database)[0][1] in ("first", "Größe €")


@pytest.mark.parametrize(
    ("line", "position", "reason"),
    [
        ("9,too few", 5, "not as many fields as the header has: 4"),
        ("9,too,many,,fields", 5, "not as many fields as the header has: 4"),
        ("1.5,x,1,", 5, "`id`: not of type integer"),
        ("3000000000,x,1,", 5, "`id`: not of type integer"),
        ("9,x,1.005,", 5, "`amount`: not of type decimal(8, 2)"),
        ("9,x,1e2,", 5, "`amount`: not of type decimal(8, 2)"),
        ("1_000,x,1,", 5, "`id`: not of type integer"),
        ("9,x,1234567.00,", 5, "`amount`: not of type decimal(8, 2)"),
        ('9,x,"1,5",', 5, "`amount`: not of type decimal(8, 2)"),
        ("0012,x,1,", 5, "`id`: not of type integer"),
        ("+12,x,1,", 5, "`id`: not of type integer"),
        ("9,x,.5,", 5, "`amount`: not of type decimal(8, 2)"),
        ("9,x, 5 ,", 5, "`amount`: not of type decimal(8, 2)"),
        ("x,y,z,", 5, "`id`: not of type integer; `amount`: not of type decimal(8, 2)"),
        ("9,x,1,2020-02-30", 5, "`day`: not of type date"),
        ("9,x,1,2020-01-01 12:00:00", 5, "`day`: not of type date"),
        ("9,x,1,31.01.2020", 5, "`day`: not of type date"),
    ],
)
def test_row_that_does_not_fit_is_kept(
    lab: Lab, database: Warehouse, load_now: Load, line: str, position: int, reason: str
) -> None:
    """A row that would lose something goes to the quarantine with its position and reason; the others are loaded."""
    write(lab, GOOD + line + "\n")
    assert load_now() == Loaded({"sales": 3}, 1)
    assert bad(database) == [(position, reason)]


@pytest.mark.parametrize("amount", ["1.500000", "5.0", "5", "-0.50"])
def test_number_that_loses_nothing_fits(lab: Lab, database: Warehouse, load_now: Load, amount: str) -> None:
    """Noughts at the end of a fraction do not make a row bad."""
    write(lab, f"{HEADER}1,a,{amount},\n2.0,b,1,\n")
    assert load_now() == Loaded({"sales": 2}, 0)
    assert sales(database)[0][2] == Decimal(amount.strip())


def test_positions_count_all_rows(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """Rows before a bad one count for its position, whether they were good, bad or cut wrongly."""
    write(lab, HEADER + "1,a,1,\nx,b,1,\n3\n4,d,1,\ny,e,1,\n5,f,1,\n6,g,1,\n")
    load_now()
    assert [position for position, _ in bad(database)] == [3, 4, 6]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty file: `small/sales.csv`"),
        ("\n", "empty file: `small/sales.csv`"),
        ("id,label,amount,day,ID\n", "column twice in `small/sales.csv`: `id`"),
        ("id,label,amount,day,\n", "column without a name in `small/sales.csv`"),
        ("id,label,sum\n1,a,2\n", "columns missing in `small/sales.csv`: `amount`, `day`"),
        (HEADER + '1,"never closed,2,\n2,b,2,\n', "a quote is not closed: `small/sales.csv`, line 2"),
        (
            HEADER + "a,x,1,\nb,x,1,\n3,x,1,\n",
            "most rows of `small/sales.csv` do not fit: line 2: `id`: not of type integer",
        ),
    ],
)
def test_file_that_is_no_table_changes_nothing(
    lab: Lab, database: Warehouse, load_now: Load, content: str, message: str
) -> None:
    """A file that cannot be the table is an error; what was loaded before stays, and so does the quarantine."""
    write(lab, GOOD)
    load_now()
    write(lab, content)
    with pytest.raises(InputError, match=message.replace("(", r"\(")) as caught:
        load_now()
    assert caught.value.hint
    assert len(sales(database)) == 3
    assert bad(database) == []


def test_header_alone_is_an_empty_table(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """A file with a header and no rows gives a table with no rows."""
    write(lab, HEADER)
    assert load_now() == Loaded({"sales": 0}, 0)
    assert sales(database) == []


def test_quotes_hold_anything(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """Line ends, quotes and delimiters within quotes are part of the value."""
    write(lab, HEADER + '1,"a ""b"",\nc",1,\n')
    load_now()
    assert sales(database) == [(1, 'a "b",\nc', Decimal("1.00"), None)]


def test_column_that_is_not_declared_is_kept_as_text(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """A column more than declared loses nothing, whatever its name; the declared ones come first."""
    nasty = 'x""; drop schema raw; --'
    write(lab, f'id,"{nasty}",label,amount,day\n1,0042,a,1,\n')
    load_now()
    assert sales(database) == [(1, "a", Decimal("1.00"), None, "0042")]
    assert [name for name, *_ in database.fetch("describe raw.sales")][-1] == nasty.replace('""', '"')


def test_files_of_a_folder_make_one_table(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """A folder of the table's name holds its files; a column that only one of them has is null for the others."""
    write(lab, GOOD, "sales/2020-01.csv")
    write(lab, "day;id;label;amount;note\n;4;fourth;1;new\n", "sales/2020-02.csv")
    assert load_now() == Loaded({"sales": 4}, 0)
    assert [row[-1] for row in sales(database)] == [None, None, None, "new"]


def test_only_changed_files_are_loaded_again(lab: Lab, load_now: Load) -> None:
    """A file that is the same, or was only touched, is not loaded; a changed one is."""
    path = write(lab, GOOD)
    load_now()
    assert load_now() == Loaded({}, 0)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert load_now() == Loaded({}, 0)
    write(lab, GOOD + "4,fourth,1,\n")
    assert load_now() == Loaded({"sales": 4}, 0)


def test_file_that_is_gone_takes_its_rows_along(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """The table holds what the files hold that are there."""
    write(lab, GOOD, "sales/a.csv")
    second = write(lab, HEADER + "4,fourth,1,\n", "sales/b.csv")
    load_now()
    second.unlink()
    assert load_now() == Loaded({"sales": 3}, 0)
    assert load_now() == Loaded({}, 0)
    assert len(sales(database)) == 3


def test_changed_type_loads_again(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """A file that is unchanged is loaded once more when its columns are declared otherwise."""
    write(lab, GOOD)
    load_now()
    sources = lab.folder / "models" / "bronze" / "_sources.yml"
    sources.write_text(SOURCES.replace("name: day, data_type: date", "name: day, data_type: timestamp"))
    assert load_now() == Loaded({"sales": 3}, 0)
    assert sales(database)[0][3] == datetime(2020, 1, 31)


def test_corrected_row_leaves_the_quarantine(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """Once the file is corrected, its bad rows are marked as resolved."""
    write(lab, GOOD + "x,fourth,1,\n")
    load_now()
    assert len(bad(database)) == 1
    write(lab, GOOD + "4,fourth,1,\n")
    assert load_now() == Loaded({"sales": 4}, 0)
    assert bad(database) == []
    assert database.row_count("ops.quarantine") == 1


def test_no_file_is_an_error_that_says_where(lab: Lab, load_now: Load) -> None:
    """Without a file the error names the place and the ways to get one."""
    with pytest.raises(InputError, match=r"no file for the raw table `sales`: `.*data/raw/sales\.csv`") as caught:
        load_now()
    assert caught.value.hint is not None
    assert "labs-data" in caught.value.hint


def test_file_that_is_still_written_is_left_alone(lab: Lab, database: Warehouse, load_now: Load) -> None:
    """A file with the name of an unfinished one does not count."""
    write(lab, GOOD)
    write(lab, "id,lab", "sales.csv.part")
    assert load_now() == Loaded({"sales": 3}, 0)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("data_type: integer", 'data_type: "integer); drop schema raw; --"', "not a data_type, `sales.id`"),
        ("data_type: integer", "description: none", "not a data_type, `sales.id`: ``"),
        ("schema: raw", "schema: other", "lab `small` declares no raw table"),
    ],
)
def test_sources_that_cannot_be_used_are_told(lab: Lab, load_now: Load, before: str, after: str, message: str) -> None:
    """A type that is none, or no source at all, is the user's mistake."""
    write(lab, GOOD)
    (lab.folder / "models" / "bronze" / "_sources.yml").write_text(SOURCES.replace(before, after))
    with pytest.raises(ConfigurationError, match=message):
        load_now()


def test_link_out_of_the_raw_folder_is_refused_by_name(lab: Lab, load_now: Load, tmp_path: Path) -> None:
    """A file or folder of the raw folder that leads to files of others is not followed, by `load` or by `check`."""
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "a.csv").write_text(GOOD)
    for link, target in (("sales.csv", tmp_path / "others" / "a.csv"), ("sales", tmp_path / "others")):
        (lab.raw_dir / link).symlink_to(target)
        for read in (load_now, lambda: show_raw_files(lab)):
            with pytest.raises(InputError, match=rf"a link that leads out of .*: `{link}"):
                read()
        (lab.raw_dir / link).unlink()


def test_load_that_fails_writes_no_secret(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is secret in settings is in no file of the lab or of the data folder, and not on the screen."""
    secrets = marked(settings_with_secrets(Path(__file__).parents[3]))
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    (lab.raw_dir / "sales.csv").write_text("other\n")
    assert command(lambda _: run_here(lab, secrets["CRM_API_URL"]), ["--debug"]) == 2
    said = "".join(capfd.readouterr())
    assert "http://***@" in said
    assert marks_in(said.encode(), secrets) == set()
    assert marks_below(tmp_path, secrets) == {}


def run_here(lab: Lab, said: str) -> None:
    """Load a lab, and say something."""
    with (
        open_lab(lab, get_settings(), holder=said, mode="write") as opened,
        record_run(opened, step="load", command=f"load {said}") as run,
    ):
        say(said)
        load(lab, opened, run)
