"""Reading the warehouse: one state, for a short time, and nothing but reading."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from conftest import DUCKDB_ONLY, READS, Research, write_study
from research.reading import read_snapshot
from research.record import read_records
from research.settings import Places
from research.study import Study

from shared.config import Settings, get_settings
from shared.errors import ConfigurationError, InputError, UserError
from shared.warehouse import Warehouse, open_warehouse

MONEY = pa.decimal128(18, 2)


def fill(rows: pa.Table, name: str = "core.t") -> None:
    """Write a table as transformation does."""
    with open_warehouse(get_settings(), holder="test", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow(name, rows)


def ids(*values: int) -> pa.Table:
    """Return a table of whole numbers."""
    return pa.table({"id": pa.array(values, pa.int64())})


def test_rows_come_as_pandas_computes_with_them(places: Places) -> None:
    """Decimals become floats, dates timestamps, on either engine alike."""
    columns = {"amount": pa.array([Decimal("1.50")], MONEY), "day": [datetime.date(2017, 1, 2)]}
    fill(pa.table(columns))
    snapshot = read_snapshot(get_settings(), {"rows": "select amount, day from core.t"}, holder="test")
    (row,) = snapshot.frames["rows"].to_dict("records")
    assert row == {"amount": 1.5, "day": pd.Timestamp("2017-01-02")}
    assert snapshot.sources["rows"].relations == ["core.t"]


def test_equal_rows_have_equal_fingerprints(places: Places) -> None:
    """The fingerprint is that of the rows, in whatever order they come, and another row changes it."""
    found = []
    for rows in (ids(1, 2, 3), ids(3, 1, 2), ids(1, 2, 4)):
        fill(rows)
        found.append(read_snapshot(get_settings(), {"t": "select id from core.t"}, holder="test").sources["t"])
    assert found[0] == found[1] != found[2]
    assert found[0].rows == 3


def test_both_engines_give_the_same_fingerprint(places: Places, tmp_path: object) -> None:
    """The same rows have the fingerprint that a DuckDB warehouse elsewhere gives them, so results can be compared."""
    table = pa.table({"id": [1, 2], "amount": pa.array([Decimal("1.50"), None], MONEY), "name": ["a", None]})
    elsewhere = Settings(warehouse_url=f"duckdb:///{tmp_path}/other.duckdb")
    with open_warehouse(elsewhere, holder="test", mode="write") as warehouse:
        warehouse.replace_arrow("core.t", table)
    fill(table)
    query = {"t": "select name, id, cast(sum(amount) as decimal(18, 2)) as amount from core.t group by name, id"}
    here, there = (read_snapshot(where, query, holder="test") for where in (get_settings(), elsewhere))
    assert here.sources == there.sources


def test_all_queries_see_one_state(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written between two queries is seen by neither: on DuckDB nobody can, on PostgreSQL it is kept apart."""
    fill(ids(1))
    seen: list[list[int]] = []
    original = Warehouse.fetch_arrow

    def and_then_write(self: Warehouse, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        rows = original(self, sql, parameters)
        if not seen:
            seen.append(rows["id"].to_pylist())
            if get_settings().warehouse_url.startswith("postgresql:"):
                with open_warehouse(get_settings(), holder="test", role="transformation", mode="write") as writer:
                    writer.execute("insert into core.t values (2)")
        return rows

    monkeypatch.setattr(Warehouse, "fetch_arrow", and_then_write)
    query = "select id from core.t"
    frames = read_snapshot(get_settings(), {"one": query, "two": query}, holder="test").frames
    assert frames["one"]["id"].tolist() == frames["two"]["id"].tolist() == seen[0] == [1]


def test_a_study_cannot_write(places: Places) -> None:
    """A query that would write is refused by the engine, and the table stays."""
    fill(ids(1))
    with pytest.raises(Exception, match=r"read.only|permission|syntax"):
        read_snapshot(get_settings(), {"t": "delete from core.t returning id"}, holder="test")
    assert len(read_snapshot(get_settings(), {"t": "select id from core.t"}, holder="test").frames["t"]) == 1


def test_missing_table_is_named(places: Places) -> None:
    """A query on a table that nobody has made yet says which, and what makes it."""
    fill(ids(1))
    with pytest.raises(InputError, match=r"the warehouse has no table: `master\.customer_xref`") as refused:
        read_snapshot(
            get_settings(), {"t": "select id from core.t join master.customer_xref using (id)"}, holder="test"
        )
    assert "./pixiw run resolve" in str(refused.value.hint)


def test_sample_is_a_share_and_always_the_same(places: Places) -> None:
    """A sample keeps about its share of the ids, the same ones each time, and a larger one holds a smaller one."""
    fill(ids(*range(5000), 9_000_000_000_000_000_000))
    write_study(places, "asking", READS)
    kept = {}
    for share in (0.1, 0.5, 1.0):
        study = Study(places, "asking", sample=share)
        frame = study.read(t=f"select id from core.t where {study.sampled('id')}")["t"]
        again = study.read(t=f"select id from core.t where {study.sampled('id')}")["t"]
        assert sorted(frame["id"]) == sorted(again["id"])
        kept[share] = set(frame["id"])
    assert 400 < len(kept[0.1]) < 600
    assert 2300 < len(kept[0.5]) < 2700
    assert kept[0.1] < kept[0.5] < kept[1.0]
    assert len(kept[1.0]) == 5001


def test_sample_column_is_quoted(places: Places) -> None:
    """A column's name is a name, whatever it holds."""
    name = 'a"; drop schema raw; --'
    fill(pa.table({name: [1, 2, 3]}))
    write_study(places, "asking", READS)
    study = Study(places, "asking", sample=0.999)
    study.read(t=f"select count(*) as n from core.t where {study.sampled(name)}")
    with open_warehouse(get_settings(), holder="test") as warehouse:
        assert "raw" in warehouse.schemas()


@pytest.mark.parametrize("share", [0, -1, 1.5])
@DUCKDB_ONLY
def test_no_share_is_no_sample(share: float, places: Places) -> None:
    """A sample of nothing or of more than all is the user's mistake."""
    write_study(places, "asking", READS)
    with pytest.raises(UserError, match="not a share"):
        Study(places, "asking", sample=share)


@DUCKDB_ONLY
def test_no_warehouse_yet(places: Places, research: Research, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a warehouse a study ends with 2, says how one is made, and its record says that it failed."""
    write_study(places, "asking", READS)
    assert research("study", "asking") == 2
    message = capsys.readouterr().err
    assert "error: there is no warehouse yet" in message and "hint: `./pixiw run ingest` makes it" in message
    (record,) = read_records(places.outputs, "asking")
    assert record.status == "failed" and "there is no warehouse yet" in str(record.error)


@DUCKDB_ONLY
def test_missing_parameter_is_named(places: Places) -> None:
    """A parameter that the experiment does not have is the file's mistake, with those that there are."""
    write_study(places, "asking", READS)
    with pytest.raises(ConfigurationError, match="the experiment has no parameter: `limits`") as refused:
        Study(places, "asking").parameters["limits"]
    assert "did you mean `limit`?" in str(refused.value.hint)


@DUCKDB_ONLY
def test_metric_is_a_number(places: Places) -> None:
    """A figure that is no number is not recorded as one."""
    write_study(places, "asking", READS)
    with pytest.raises(ValueError, match="not a number: metric `mean`"):
        Study(places, "asking").metric("mean", float("nan"))
