"""Reading and writing at once: a study holds nobody up while it computes, and waits for who writes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pytest
from conftest import DUCKDB_ONLY, Research, RunResearch, write_study
from research.record import read_records
from research.settings import Places

from shared.config import get_settings
from shared.warehouse import open_warehouse

# Two tables that are only ever written together, so that a reader between two writes would see them differ.
BOTH = """data = study.read(one="select n from core.one", two="select n from core.two")
study.metric("one", data["one"]["n"].max())
study.metric("two", data["two"]["n"].max())"""

WRITER = """
import select
import sys
import time
import pyarrow as pa
from shared.config import get_settings
from shared.warehouse import open_warehouse

number = 1
while True:
    with open_warehouse(get_settings(), holder="ingest", role="transformation", mode="write") as warehouse:
        with warehouse.transaction():
            for table in ("core.one", "core.two"):
                warehouse.execute(f"update {table} set n = $1", [number])
    if number == 1:
        print("writing", flush=True)
    # Its input is readable once it has ended.
    if select.select([sys.stdin], [], [], 0)[0]:
        break
    number += 1
    time.sleep(0.05)
print(number, flush=True)
"""


def fill() -> None:
    """Make the tables of `BOTH`."""
    with open_warehouse(get_settings(), holder="test", role="transformation", mode="write") as warehouse:
        for name in ("core.one", "core.two"):
            warehouse.replace_arrow(name, pa.table({"n": pa.array([0], pa.int64())}))


@contextmanager
def writing() -> Iterator[subprocess.Popen[str]]:
    """Let a process write again and again, until its input ends."""
    line = [sys.executable, "-c", WRITER]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "writing\n"
        try:
            yield writer
        finally:
            if writer.poll() is None:
                writer.kill()


def test_a_study_runs_while_another_process_writes(places: Places, research: Research) -> None:
    """Beside a process that writes all the time a study runs and sees one state, and the writer goes on writing."""
    fill()
    write_study(places, "asking", BOTH)
    with writing() as writer:
        for _ in range(3):
            assert research("study", "asking") == 0
        rest, _ = writer.communicate("")
    assert writer.returncode == 0
    records = read_records(places.outputs, "asking")
    assert len(records) == 3
    assert all(record.metrics["one"] == record.metrics["two"] for record in records)
    assert int(rest) >= max(record.metrics["one"] for record in records) > 0


def test_a_writer_gets_in_while_a_study_computes(
    places: Places, research: Research, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as the rows are read, a writer that would not wait at all is let in."""
    fill()
    write_study(
        places,
        "asking",
        BOTH + "\nimport writes\nstudy.metric('written', writes.at_once())",
    )
    (places.folder / "writes.py").write_text(
        "from shared.config import get_settings\n"
        "from shared.warehouse import open_warehouse\n\n\n"
        "def at_once() -> int:\n"
        "    with open_warehouse(get_settings(), holder='ingest', role='transformation', mode='write') as warehouse:\n"
        "        warehouse.execute('update core.one set n = 7')\n"
        "        return warehouse.fetch('select n from core.one')[0][0]\n"
    )
    monkeypatch.syspath_prepend(str(places.folder))
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0")
    assert research("study", "asking") == 0
    (record,) = read_records(places.outputs, "asking")
    assert (record.metrics["one"], record.metrics["written"]) == (0, 7)


@DUCKDB_ONLY
def test_a_study_waits_for_a_writer_and_says_so(places: Places) -> None:
    """A study that meets a writer names it, waits until it has ended, and then reads what it wrote."""
    fill()
    write_study(places, "asking", BOTH)
    line = [sys.executable, "-m", "research", "study", "asking"]
    warehouse = open_warehouse(get_settings(), holder="ingest run --all", role="ingress", mode="write")
    with subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as study:
        try:
            assert study.stderr is not None
            # Should it not wait, it ends, and so does this line.
            waiting = study.stderr.readline()
            warehouse.execute("update core.one set n = 5")
            warehouse.execute("update core.two set n = 5")
        finally:
            warehouse.close()
        study.communicate()
    assert "waiting for `warehouse.duckdb`, in use: `ingest run --all`" in waiting
    assert study.returncode == 0
    (record,) = read_records(places.outputs, "asking")
    assert record.metrics["one"] == 5


@DUCKDB_ONLY
def test_a_writer_that_does_not_end_is_named(
    places: Places, run_research: RunResearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study that has waited for as long as it may ends with 1 and says who writes."""
    fill()
    write_study(places, "asking", BOTH)
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0")
    with open_warehouse(get_settings(), holder="ingest run --all", role="ingress", mode="write"):
        done = run_research("study", "asking")
    assert done.returncode == 1
    assert "error: `warehouse.duckdb` is in use: `ingest run --all`" in done.stderr
