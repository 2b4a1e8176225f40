"""MariaDB: no value changes on its way."""

from __future__ import annotations

import json
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import AwareDatetime, Field
from pymysql.cursors import Cursor  # type: ignore[import-untyped]
from sql_rows import Amount, load, model

from ingress.load.duplicates import unique_rows
from ingress.readers.sql import database, values
from ingress.readers.sql.reader import Sql
from ingress.readers.sql.reflection import reflected
from ingress.source import Resource
from shared.config import get_settings
from shared.data_quality import JsonText, RowModel
from shared.errors import InputError, PlatformError, SourceUnavailable
from shared.testing.mariadb import PASSWORD, mariadb


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cursor]:
    """Make a database of MariaDB's that SHOP_URL leads to."""
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "1")
    with mariadb() as (cursor, url):
        monkeypatch.setenv("SHOP_URL", url)
        yield cursor


class Typed(RowModel):
    """What MariaDB's columns hold."""

    id: int
    big: int | None
    real: float | None
    amount: Decimal | None = Field(max_digits=38, decimal_places=2)
    flag: bool | None
    bits: int | None
    bit: bool | None
    day: date | None
    local: datetime | None
    moment: AwareDatetime | None
    zoned: AwareDatetime | None
    note: str | None
    size: str | None
    extra: JsonText | None


TYPED = (
    "id int, big bigint unsigned, real_ float, amount decimal(65, 4), flag tinyint(1), bits bit(12), bit bit(1), "
    "day date, local datetime(6), moment timestamp(6) null, zoned datetime, note text, size enum('s', 'm'), "
    "extra json, hour time(3), raw blob"
).replace("real_", "`real`")


def test_values_of_mariadb(shop: Cursor) -> None:
    """Each of MariaDB's types arrives exact, and what only MariaDB can hold makes bad rows."""
    shop.execute(f"create table t ({TYPED})")
    shop.execute("set time_zone = '+02:00', sql_mode = ''")
    shop.execute(
        "insert into t values (1, 9223372036854775807, 16777217, 123456789012345678901234567890.5, 1, b'100000000001', "
        "b'0', '2024-02-29', '2024-02-29 01:02:03.000004', '2024-07-01 12:00:00', '2024-07-01 12:00:00', 'é🙂', 'm', "
        "'{\"a\": 1.50}', '-838:59:58.5', x'00ff')"
    )
    shop.execute("insert into t (id, big) values (2, 18446744073709551615)")
    shop.execute("insert into t (id, day) values (3, '0000-00-00')")
    shop.execute("insert into t (id, local) values (4, '2024-00-10 00:00:00')")
    shop.execute("insert into t (id, amount) values (5, 0.125)")
    shop.execute("insert into t (id, flag) values (6, 2)")
    shop.execute("insert into t (id, extra) values (7, null)")
    good, bad = load(Sql("SHOP_URL", "t", zone="Europe/Berlin"), Typed)
    moment = datetime(2024, 7, 1, 10, tzinfo=timezone.utc)
    first = good[0]
    assert first.pop("hour").startswith("-")
    assert first == {
        **{"id": 1, "big": 2**63 - 1, "real": 16777216.0, "amount": Decimal("123456789012345678901234567890.50")},
        **{"flag": True, "bits": 2049, "bit": False, "day": date(2024, 2, 29)},
        **{"local": datetime(2024, 2, 29, 1, 2, 3, 4), "moment": moment, "zoned": moment},
        **{"note": "é🙂", "size": "m", "extra": '{"a": 1.50}', "raw": "\\x00ff"},
    }
    assert [row["id"] for row in good] == [1, 7]
    assert {json.loads(row.payload)["id"]: row.reason.split("`")[1] for row in bad} == {
        **{2: "big", 3: "day", 4: "local", 5: "amount", 6: "flag"}
    }


def test_mariadb_is_read_from_the_cursor_on_in_batches(shop: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows come from a cursor on the server, in batches, from the newest loaded time on; a session may not write."""
    sizes: list[int] = []
    checked = values.check

    def counted(resource: Any, names: Any, rows: Any, prepare: Any) -> Any:
        sizes.append(len(rows))
        return checked(resource, names, rows, prepare)

    monkeypatch.setattr(database, "check", counted)
    monkeypatch.setattr("ingress.readers.sql.reader.CHUNK_ROWS", 1_000)
    shop.execute("create table t (id int primary key, changed datetime)")
    shop.execute("insert into t select seq, '2024-01-01' + interval seq second from seq_1_to_2500")
    shop.execute("insert into t values (9000, null)")
    row = model(changed=AwareDatetime)
    reader = Sql("SHOP_URL", "t", cursor="changed", zone="UTC")
    good, bad = load(reader, row)
    assert (len(good), sizes, len(bad)) == (2500, [1_000, 1_000, 501], 1)
    good, _ = load(reader, row, datetime(2024, 1, 1, 0, 41, 39, tzinfo=timezone.utc))
    assert [row["id"] for row in good] == [2499, 2500]
    assert sizes[3:] == [3]
    good, _ = load(Sql("SHOP_URL", query="select id, '%:x' as note from t where id = 1 -- one"), model(note=str))
    assert good == [{"id": 1, "note": "%:x"}]


def test_keys_that_mariadb_takes_for_the_same(shop: Cursor) -> None:
    """Keys are compared by sign, whatever the collation takes for equal."""
    shop.execute("create table t (id int, code varchar(5), n int)")
    shop.execute("insert into t values (1, 'a', 1), (1, 'A', 1), (1, 'a', 1)")
    resource = Resource("rows", "rows", model(code=str, n=int), ("id", "code"), Sql("SHOP_URL", "t"))
    opened = resource.reader.read(resource, get_settings(), [])
    counts: Counter[str] = Counter()
    list(unique_rows(opened.batches, opened.duplicated, resource.key, counts, print))
    assert counts == {"kept": 2, "copy": 1}


@pytest.mark.parametrize(
    ("columns", "fields", "message"),
    [
        ("id int, x int", {"x": str}, "wrong type in `t`, column `x`: `int`"),
        ("id int, x double", {"x": Amount}, "wrong type in `t`, column `x`: `double`"),
        ("id int, x datetime", {"x": AwareDatetime}, "times without a zone in `t`, column `x`: `datetime`"),
        ("id int, x timestamp", {"x": datetime}, "wrong type in `t`, column `x`: `timestamp`"),
        ("id int", {"x": int}, "missing column in `t`: `x`"),
    ],
)  # fmt: skip
def test_table_of_mariadb_that_does_not_fit(shop: Cursor, columns: str, fields: dict[str, Any], message: str) -> None:
    """A column that cannot become what the row model has is an error that names both."""
    shop.execute(f"create table t ({columns})")
    with pytest.raises(InputError) as caught:
        load(Sql("SHOP_URL", "t"), model(**fields))
    assert message in caught.value.message


def test_errors_of_mariadb(shop: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login, database, table or query that is wrong is named, never the URL; a locked table is waited for."""
    url = os.environ["SHOP_URL"]
    user = url.split("//")[1].split(":")[0]
    shop.execute("create table t (id int)")
    for changed, reader, message in [
        (url.replace("an-", "no-"), Sql("SHOP_URL", "t"), f"does not let in `{user}`"),
        (url + "x", Sql("SHOP_URL", "t"), f"does not let in `{user}`"),
        (url, Sql("SHOP_URL", "u"), "no such table in the database of SHOP_URL: `u`"),
        (url, Sql("SHOP_URL", query="selct 1"), "`query` cannot be read"),
        (url, Sql("SHOP_URL", "mysql.user"), f"`{user}` may not read `mysql.user`"),
    ]:
        monkeypatch.setenv("SHOP_URL", changed)
        with pytest.raises(PlatformError) as caught:
            load(reader, model())
        assert message in caught.value.message
        assert PASSWORD not in f"{caught.value.message} {caught.value.hint}"
    shop.execute("lock tables t write")
    with pytest.raises(SourceUnavailable, match="Lock wait timeout"):
        load(Sql("SHOP_URL", "t"), model())
    shop.execute("unlock tables")


def test_reflected_columns(shop: Cursor) -> None:
    """A table's columns become a row model's fields, numbers called truth values too; what no model holds is named."""
    more = "stars tinyint(1), draft tinyint(1), hidden int invisible, place point, primary key (id)"
    shop.execute(f"create table t ({TYPED}, {more})")
    shop.execute("insert into t (id, flag, bit, stars, draft) values (1, 1, b'1', 5, 0), (2, null, null, 1, null)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = reflected(os.environ["SHOP_URL"], "t", get_settings())
    kinds = {column.name: column.kind for column in found.columns}
    assert kinds == {
        **{"id": "int", "big": "int", "real": "float", "flag": "bool", "bits": "int", "bit": "bool", "day": "date"},
        **{"stars": "int", "draft": "bool"},
        **{"local": "datetime", "moment": "AwareDatetime", "zoned": "datetime", "note": "str", "size": "str"},
        **{"extra": "str"},
    }
    assert found.others == ("amount", "hour", "raw", "place")
