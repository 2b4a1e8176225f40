"""What a step was made from, and whether it is current, on both engines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from shared.config import Settings, get_settings
from shared.monitoring import record_run
from shared.monitoring.versions import Code, File, Relation, Rows, Step, Value, is_current, keep
from shared.warehouse import Warehouse, open_warehouse

LONG_AGO = 1_000_000_000
KILLED = """
import os, signal
from shared.config import get_settings
from shared.monitoring import record_run
from shared.monitoring.versions import Relation, Step, Value, keep
from shared.warehouse import open_warehouse

with open_warehouse(get_settings(), holder="killed", role="ingress", mode="write") as warehouse:
    with record_run(warehouse, step="count", command="run") as run:
        keep(run, Step("count", {"a": Value(1)}, {}, Value(1), {"raw.t": Relation(warehouse, "raw.t")}))
        os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass
class Made:
    """A step that counts the rows of a table, and the folder of its code.

    Attributes:
        settings: What may be set.
    """

    warehouse: Warehouse
    folder: Path
    settings: dict[str, object] = field(default_factory=lambda: {"threshold": 0.5, "fields": ["a", "b"]})

    @property
    def step(self) -> Step:
        """The step, as it would be done now."""
        return Step(
            name="count",
            inputs={
                "raw.t": Rows(self.warehouse, "(select a, b from raw.t where a > 0)"),
                "model": File(self.folder / "model.json"),
            },
            settings=self.settings,
            code=Code(self.folder / "code"),
            outputs={"staging.t": Relation(self.warehouse, "staging.t")},
        )

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to do."""
        return is_current(self.warehouse, self.step)

    def write(self, name: str, text: str) -> None:
        """Write a file, last changed long ago."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (LONG_AGO, LONG_AGO))

    def make(self) -> None:
        """Do the step as a run."""
        with record_run(self.warehouse, step="count", command="run") as run, self.warehouse.transaction():
            self.warehouse.execute("drop table if exists staging.t")
            self.warehouse.execute("create table staging.t as select count(*) as n, max(b) as b from raw.t")
            keep(run, self.step)


@pytest.fixture
def made(owner: Settings, tmp_path: Path) -> Iterator[Made]:
    """Return a step that has been done, in a warehouse opened by the owner of the tables."""
    with open_warehouse(owner, holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("create table raw.t (a integer, b varchar, c varchar)")
        warehouse.execute("insert into raw.t values (1, 'x', 'o'), (2, null, 'o'), (2, 'z', 'o'), (0, 'w', 'o')")
        made = Made(warehouse, tmp_path / "step")
        made.write("model.json", "{}")
        made.write("code/count.py", '"""Counts."""\n\n\ndef count(rows: list[int]) -> int:\n    return len(rows)\n')
        made.write("code/sql/count.sql", "select count(*) from t\n")
        made.make()
        yield made


def sql(statement: str) -> Callable[[Made], None]:
    """Return what runs a statement behind the step's back."""
    return lambda made: made.warehouse.execute(statement)


def text(name: str, content: str) -> Callable[[Made], None]:
    """Return what writes a file anew."""
    return lambda made: made.write(name, content)


@pytest.mark.parametrize(
    "change",
    [
        lambda made: None,
        sql("update raw.t set c = 'p'; update raw.t set b = 'v' where a = 0"),
        sql("alter table raw.t rename to u; create table raw.t as select b, a from raw.u order by b desc"),
        lambda made: made.settings.update(fields=made.settings.pop("fields")),
        text("code/count.py", "# Why.\ndef count(rows: list[int]) -> int:\n\n    return len(\n        rows)\n"),
        text("code/sql/count.sql", "/* All\nof them. */ select count( * )\nfrom t -- t\n"),
        text("code/notes.md", "Notes."),
        lambda made: os.utime(made.folder / "model.json"),
        lambda made: made.write("model.json", "{}"),
    ],
    ids=["nothing", "rows not read", "rows in another order", "settings in another order", "Python's words and layout",
         "SQL's words and layout", "no code", "file touched", "file written again"],
)  # fmt: skip
def test_nothing_that_matters_is_new(made: Made, change: Callable[[Made], None]) -> None:
    """A step is current where what it reads, its settings, code and outputs come to the same."""
    change(made)
    assert made.is_current


@pytest.mark.parametrize(
    "change",
    [
        sql("update raw.t set b = 'y' where b = 'x'"),
        sql("insert into raw.t values (2, 'z', 'o')"),
        sql("delete from raw.t where b is null"),
        sql("update raw.t set b = '' where b is null"),
        sql("alter table raw.t alter column a type bigint"),
        lambda made: made.settings.update(threshold=0.6),
        lambda made: made.settings.update(fields=["b", "a"]),
        lambda made: made.settings.update(more=None),
        text("code/count.py", "def count(rows: list[int]) -> int:\n    return len(rows) + 1\n"),
        text("code/sql/count.sql", "select count(a) from t"),
        text("code/other.py", ""),
        lambda made: (made.folder / "code" / "count.py").unlink(),
        text("model.json", "{} "),
        lambda made: (made.folder / "model.json").unlink(),
        sql("drop table staging.t"),
        sql("delete from staging.t"),
        sql("update staging.t set n = n + 1"),
        sql("alter table staging.t rename column n to m"),
        sql("delete from ops.run_version"),
        sql("update ops.run set status = 'failed'"),
    ],
    ids=["value", "row doubled", "row gone", "null", "type", "setting", "order in a setting", "new setting", "Python",
         "SQL", "new module", "module gone", "file", "file gone", "output gone", "output's rows gone", "output changed",
         "output's column", "not kept", "failed"],
)  # fmt: skip
def test_something_is_new(made: Made, change: Callable[[Made], None]) -> None:
    """A step is not current where anything that it reads, its settings, code or outputs are other ones, or unknown."""
    change(made)
    assert not made.is_current
    made.make()
    assert made.is_current


def test_parts_that_come_or_go(made: Made) -> None:
    """A step that reads or makes one thing more or less than when it was done is not current."""
    more = {"truth": Value("who is who")}
    assert not is_current(made.warehouse, replace(made.step, inputs={**made.step.inputs, **more}))
    assert not is_current(made.warehouse, replace(made.step, outputs={**made.step.outputs, **more}))
    assert not is_current(made.warehouse, replace(made.step, inputs={"model": made.step.inputs["model"]}))
    assert not is_current(made.warehouse, replace(made.step, name="another"))


def test_nothing_but_one_input(made: Made) -> None:
    """A step learns that one input alone is another one; any other difference still counts."""
    made.write("model.json", '{"a": 1}')
    assert not made.is_current
    assert is_current(made.warehouse, made.step, but=["model"])
    assert not is_current(made.warehouse, made.step, but=["raw"])
    made.settings.update(threshold=0.9)
    assert not is_current(made.warehouse, made.step, but=["model"])


def test_failed_run_does_not_count(made: Made) -> None:
    """What a run has kept before it failed is not taken for done."""
    made.settings.update(threshold=0.9)
    with pytest.raises(ValueError), record_run(made.warehouse, step="count", command="run") as run:
        keep(run, made.step)
        raise ValueError("no")
    assert not made.is_current


def test_only_the_last_time_counts(made: Made) -> None:
    """A step that was done with other settings since is not current with those of before."""
    made.settings.update(threshold=0.9)
    made.make()
    assert made.is_current
    made.settings.update(threshold=0.5)
    assert not made.is_current


def test_killed_run_does_not_count(warehouse_url: str) -> None:
    """What a run has kept before it was killed is not taken for done."""
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("create table raw.t (a integer)")
    done = subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        step = Step("count", {"a": Value(1)}, {}, Value(1), {"raw.t": Relation(warehouse, "raw.t")})
        assert warehouse.fetch("select count(*) from ops.run_version where step = 'count'") == [(4,)]
        assert not is_current(warehouse, step)
        with record_run(warehouse, step="count", command="run") as run:
            keep(run, step)
        assert is_current(warehouse, step)


def test_reader_can_tell(made: Made) -> None:
    """Whoever may only read the warehouse can tell as well."""
    made.warehouse.close()
    with open_warehouse(made.warehouse.settings, holder="reader") as reader:
        assert is_current(reader, replace(made, warehouse=reader).step)


def test_nothing_kept_can_be_read_as_a_setting(made: Made) -> None:
    """The ledger holds hashes of settings, never a setting."""
    made.settings.update(password="open sesame")
    made.make()
    assert "sesame" not in str(made.warehouse.fetch("select * from ops.run_version"))


@pytest.mark.parametrize(
    "columns",
    [
        "cast('{\"a\": 1}' as json) as j, date '2026-01-01' as d",
        "cast('NaN' as double precision) as f, true as t, 1.50 as n",
    ],
)
def test_values_of_every_kind_have_a_version(made: Made, columns: str) -> None:
    """Rows of types without an order or an equality have a version too, the same when they are written again."""
    made.warehouse.execute(f'create table raw.a as select {columns}, 1 as "a"";$1%"')
    made.warehouse.execute("create table raw.b as select * from raw.a")
    versions = [Relation(made.warehouse, name).version() for name in ("raw.a", "raw.b")]
    assert versions[0] == versions[1] != Relation(made.warehouse, "raw.t").version()


def test_file_that_changed_a_moment_ago_is_read(tmp_path: Path) -> None:
    """A file that changes twice within a tick of the clock, to the same size, is told apart all the same."""
    path = tmp_path / "a.csv"
    path.write_text("a")
    version, times = File(path).version(), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_text("b")
    os.utime(path, ns=times)
    assert not File(path).has(version)


def test_file_at_rest_is_not_read_again(tmp_path: Path) -> None:
    """A file whose size and time of change are those kept is taken for the same, without a look at its bytes."""
    path = tmp_path / "a.csv"
    path.write_text("a")
    os.utime(path, (LONG_AGO, LONG_AGO))
    version = File(path).version()
    path.write_text("b")
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert File(path).has(version)
    os.utime(path)
    assert not File(path).has(version)
