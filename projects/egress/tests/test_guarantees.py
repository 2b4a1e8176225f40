"""What holds for each kind of target: declared once, for whatever place `tests/kinds` has of it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from inspect import isabstract
from itertools import count
from pathlib import Path
from pkgutil import iter_modules, walk_packages

import pytest
from conftest import CUSTOMERS, Egress, Sql
from kinds import BAD, MODEL, Place, Rows, Step, row
from test_targets import module_of

from egress import kinds as package
from egress.cli import main
from egress.engine.plan import Plan, Target
from egress.engine.state import SendState
from egress.kinds.files.target import Files
from shared.command_line import command
from shared.config import get_settings
from shared.data_quality import BadRow, Quarantine
from shared.errors import ConfigurationError
from shared.monitoring import Run
from shared.testing.engines import Engine
from shared.warehouse import open_warehouse

PACKAGES = [module.name for module in iter_modules(package.__path__) if module.ispkg]
THERE = [name for name in PACKAGES if (Path(__file__).parent / "kinds" / f"{name}.py").exists()]
BY_PACKAGE: list[Sequence[type[Place]]] = [import_module(f"kinds.{name}").PLACES for name in THERE]
PLACES = [place for places in BY_PACKAGE for place in places]
# Places at which what a warehouse in PostgreSQL does is seen too; the others of their packages are told the same.
FIRSTS = [places[0] for places in BY_PACKAGE]


def beside(*pairs: tuple[Engine, type[Place]]) -> pytest.MarkDecorator:
    """Run a test with these warehouses and places."""
    ids = [f"{place.name}-{engine}" for engine, place in pairs]
    return pytest.mark.parametrize(("engine", "place"), pairs, indirect=True, ids=ids)


DUCKDB: list[tuple[Engine, type[Place]]] = [("duckdb", place) for place in PLACES]
ON_DUCKDB = beside(*DUCKDB)

OTHER = Files("other", MODEL, settings="OTHER", formats=("csv",), folder="other")
SURNAME = f"update {MODEL.table} set surname = '{{}}' where entity_id {{}}"
OPEN = "select count(*) from ops.quarantine where resolved_at is null"
STATUSES = "select status, count(*) from ops.delivery where target = 'place' group by 1 order by 1"


def subclasses(of: type) -> Iterator[type]:
    """Yield all classes that are made from one."""
    made: list[type] = of.__subclasses__()
    for each in made:
        yield each
        yield from subclasses(each)


def test_each_kind_is_held_to_the_guarantees() -> None:
    """A package, or a class of targets in one, without a place in `tests/kinds` fails here."""
    assert PACKAGES == THERE
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    known = {each for each in subclasses(Target) if each.__module__.startswith(package.__name__)}
    concrete = {each for each in known if not isabstract(each)}
    assert concrete == {type(place.target) for place in PLACES}


@pytest.fixture
def place(
    request: pytest.FixtureRequest, models: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """Make a place of each kind beside a warehouse with models, and no target but it and one of files."""
    target = request.param.target
    monkeypatch.setattr("egress.cli.all_targets", lambda: {target: module_of(target), OTHER: module_of(OTHER)})
    folder = tmp_path / "place"
    folder.mkdir()
    with request.param.opened(folder, monkeypatch, request.getfixturevalue) as place:
        yield place


@pytest.fixture
def deliver(egress: Egress) -> Callable[..., int]:
    """Deliver to the place."""
    return lambda *words: egress("run", "--target", "place", *words)


@pytest.fixture
def wanted(sql: Sql) -> Callable[[], Rows]:
    """Return the model's rows as the place shall have them."""
    return lambda: dict(row(*each) for each in sql(f"select entity_id, surname, lifetime_sales from {MODEL.table}"))


@beside(*DUCKDB, *(("postgres", place) for place in FIRSTS))
def test_place_follows_the_model(
    place: Place,
    egress: Egress,
    deliver: Callable[..., int],
    wanted: Callable[[], Rows],
    sql: Sql,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What is new, changed, gone or back arrives, with a receipt; where nothing is, nobody there notices."""
    nothing = place.traces()
    assert egress("plan", "--target", "place") == 0
    assert (place.rows(), place.traces()) == ({}, nothing)
    assert deliver() == 0
    assert len(place.rows()) == CUSTOMERS
    assert place.rows() == wanted()
    traces = place.traces()
    assert deliver() == 0
    assert place.traces() == traces

    sql(
        f"create table egress.kept as select * from {MODEL.table} where entity_id = 'E-5';\n"
        f"{SURNAME.format('smith', '= ' + repr('E-3'))};\n"
        f"delete from {MODEL.table} where entity_id = 'E-5';\n"
        f"insert into {MODEL.table} values ('E-77', 'new', 1.5, null)"
    )
    assert deliver() == 0
    assert place.rows() == wanted()
    gone = [("deleted", 1), ("delivered", CUSTOMERS)] if place.target.by_row else sql(STATUSES)
    assert sql(STATUSES) == gone
    sql(f"insert into {MODEL.table} select * from egress.kept")
    assert deliver() == 0
    assert place.rows() == wanted()
    traces = place.traces()
    capfd.readouterr()
    ((key,),) = sql("select min(row_key) from ops.delivery where target = 'place'")
    assert egress("receipts", "--target", "place", "--key", key) == 0
    told = capfd.readouterr().out
    assert told.startswith("place: delivered ")
    assert "receipt none" not in told
    assert place.traces() == traces


@ON_DUCKDB
def test_plan_is_sealed(
    place: Place,
    egress: Egress,
    wanted: Callable[[], Rows],
    sql: Sql,
    project: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A plan of a file is applied once, and refused where the world has moved; what is told apart by row may drift."""
    file = str(project / "plan.json")
    assert egress("plan", "--target", "place", "--out", file) == 0
    sql(SURNAME.format("smith", "= 'E-3'"))
    assert egress("apply", file) == 2
    assert "model or send state have changed since the plan was made" in capfd.readouterr().err
    assert place.rows() == {}
    if place.target.by_row:
        assert egress("apply", file, "--allow-drift", "1") == 0
    else:
        assert egress("apply", file, "--allow-drift", "1000") == 2
        assert "`place`: all of it is written anew" in capfd.readouterr().err
        assert place.rows() == {}
        assert egress("plan", "--target", "place", "--out", file) == 0
        assert egress("apply", file) == 0
    assert place.rows() == wanted()
    traces = place.traces()
    assert egress("apply", file) == 2
    assert "the plan was applied before" in capfd.readouterr().err
    assert place.traces() == traces


@ON_DUCKDB
def test_deliveries_are_guarded(
    place: Place,
    deliver: Callable[..., int],
    wanted: Callable[[], Rows],
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """More creates, updates or deletes than both bounds allow wait for an approval; an empty model deletes nothing."""
    for change in ("CREATE", "UPDATE", "DELETE"):
        monkeypatch.setenv(f"PLACE_{change}_ROWS", "2")
    assert deliver() == 0
    more = f"insert into {MODEL.table} select 'F-' || i, 'smith', 1, null from generate_series(1, 11) as numbers (i)"
    fewer = f"delete from {MODEL.table} where entity_id like 'F-%'"
    for change, statement, rows in (
        ("create", more, 11),
        ("update", SURNAME.format("jones", "<> 'E-0'"), 20),
        ("delete", fewer, 11),
    ):
        traces = place.traces()
        sql(statement)
        if change != "update" or place.target.by_row:
            assert deliver() == 1
            assert f"would {change} {rows} rows: more than 2 rows and more than " in capfd.readouterr().err
            assert place.traces() == traces
        assert deliver(f"--approve-{change}s", str(rows)) == 0
    assert place.rows() == wanted()

    before, traces = place.rows(), place.traces()
    sql(f"delete from {MODEL.table}")
    capfd.readouterr()
    assert deliver("--full") == 0
    assert "is empty: nothing is sent, nothing is deleted at the target" in capfd.readouterr().err
    assert place.traces() == traces
    assert deliver("--allow-empty", "--approve-deletes", str(CUSTOMERS)) == 0
    assert place.rows() == ({} if place.target.by_row else before)


@beside(*DUCKDB, *(("postgres", place) for place in FIRSTS))
def test_plan_names_fields(
    place: Place, egress: Egress, deliver: Callable[..., int], sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """A plan says which fields updates change, values masked; a kind that is given all rows at once cannot."""
    assert deliver() == 0
    sql(SURNAME.format("secretive", "= 'E-3'"))
    sql(f"update {MODEL.table} set lifetime_sales = 7, last_purchase_date = null where entity_id in ('E-3', 'E-4')")
    capfd.readouterr()
    assert egress("plan", "--target", "place") == 0
    told = capfd.readouterr().out
    fields = "  fields     last_purchase_date 2, lifetime_sales 2, surname 1\n"
    assert (fields in told) == place.target.by_row
    first = "`E-3`: last_purchase_date 2…(10) -> null, lifetime_sales 3…(4) -> 7…(4), surname o…(11) -> s…(9)\n"
    assert (first in told) == place.target.by_row
    assert "secretive" not in told
    assert deliver() == 0
    assert egress("plan", "--target", "place", "--full") == 0
    assert "  fields " not in capfd.readouterr().out


@ON_DUCKDB
def test_refused_rows_wait_and_are_replayed(
    place: Place,
    egress: Egress,
    deliver: Callable[..., int],
    wanted: Callable[[], Rows],
    sql: Sql,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What a place refuses is in quarantine until it is replayed or retried; a kind without rows says so by name."""
    assert deliver() == 0
    if not place.target.by_row:
        with open_warehouse(get_settings(), holder="test", mode="write") as warehouse:
            Quarantine(warehouse, "run", "egress", "place").add(MODEL.table, [BadRow(0, "bad", '{"entity_id": "E-3"}')])
        ((entry,),) = sql("select quarantine_id from ops.quarantine")
        assert egress("replay", entry) == 2
        assert "error: this target is given all rows at once: `place`" in capfd.readouterr().err
        return
    before = place.rows()
    sql(SURNAME.format(BAD, "in ('E-3', 'E-4')"))
    sql(SURNAME.format("smith", "= 'E-5'"))
    with place.refusing():
        assert deliver() == 0
        assert place.rows() == {**wanted(), "E-3": before["E-3"], "E-4": before["E-4"]}
        assert sql(STATUSES) == [("delivered", CUSTOMERS - 2), ("rejected", 2)]
        traces = place.traces()
        assert deliver() == 0
        assert (place.traces(), sql(OPEN)) == (traces, [(2,)])
    ((entry,),) = sql("select quarantine_id from ops.quarantine where payload like '%E-3%'")
    assert egress("replay", entry) == 0
    assert place.rows() == {**wanted(), "E-4": before["E-4"]}
    assert sql(OPEN) == [(1,)]
    assert deliver("--retry-rejected") == 0
    assert (place.rows(), sql(OPEN)) == (wanted(), [(0,)])


@ON_DUCKDB
def test_failure_holds_no_other_up(
    place: Place,
    egress: Egress,
    deliver: Callable[..., int],
    wanted: Callable[[], Rows],
    sql: Sql,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A place that takes nothing is an error with a hint; others get theirs, and the next run makes it good."""
    with place.broken(monkeypatch):
        assert egress("run") != 0
    told = capfd.readouterr().err
    assert "error: " in told
    assert "hint: " in told
    assert "Traceback" not in told
    assert (project / "data" / "exports" / "other" / "customer_360.csv").exists()
    assert sql(STATUSES) == []
    assert deliver() == 0
    assert place.rows() == wanted()


@ON_DUCKDB
def test_what_is_there_may_be_left(
    place: Place, deliver: Callable[..., int], wanted: Callable[[], Rows], sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column that is to be filled where it is empty keeps what is there; a kind that cannot tell refuses by name."""
    if not place.target.reads_back:
        with pytest.raises(ConfigurationError, match="`place` cannot fill what is empty alone"):
            replace(place.target, fill_empty=("surname",))
        return
    with pytest.raises(ConfigurationError, match="`place` cannot fill its key"):
        replace(place.target, fill_empty=("entity_id",))
    filling = replace(place.target, fill_empty=("surname",))
    monkeypatch.setattr("egress.cli.all_targets", lambda: {filling: module_of(filling)})
    sql(f"update {MODEL.table} set surname = null where entity_id = 'E-3'")
    assert deliver() == 0
    before = place.rows()
    sql(f"update {MODEL.table} set surname = 'smith', lifetime_sales = 7 where entity_id in ('E-3', 'E-4')")
    sql(f"update {MODEL.table} set surname = null where entity_id = 'E-5'")
    assert deliver() == 0
    assert place.rows() == {**wanted(), "E-4": (before["E-4"][0], Decimal(7)), "E-5": before["E-5"]}
    assert place.rows()["E-3"] == ("smith", Decimal(7))
    traces = place.traces()
    assert deliver("--full") == 0
    assert place.rows()["E-4"][0] == before["E-4"][0]
    assert place.name != "postgresql" or place.traces() == traces
    missing = replace(place.target, fill_empty=("nickname",))
    monkeypatch.setattr("egress.cli.all_targets", lambda: {missing: module_of(missing)})
    assert deliver() == 2


def dying(steps: Sequence[Step], number: int) -> None:
    """Deliver, and be killed where one of these functions is called, the so-manieth time in all."""
    numbers = count(1)

    def deadly(function: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            if next(numbers) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*given, **named)

        return call

    for owner, name in steps:
        # Nothing of it is seen in the tests' own process.
        setattr(owner, name, deadly(getattr(owner, name)))
    sys.exit(command(main, ["run", "--target", "place"]))


@beside(*DUCKDB, ("postgres", FIRSTS[-1]))
def test_kill_at_every_step(place: Place, deliver: Callable[..., int], wanted: Callable[[], Rows], sql: Sql) -> None:
    """Killed before whatever step, a delivery that is run again ends as if nothing had happened."""
    assert deliver() == 0
    steps = [(Plan, "check"), *place.steps, (SendState, "mark"), (Run, "output")]
    rows = place.rows()
    for number in count(1):
        sql(
            f"{SURNAME.format(f'n {number}', '< ' + repr('E-5'))};\n"
            f"delete from {MODEL.table} where entity_id = 'N-{number - 1}';\n"
            f"insert into {MODEL.table} values ('N-{number}', 'new', 1, null)"
        )
        before, rows = rows, wanted()
        child = multiprocessing.get_context("fork").Process(target=dying, args=(steps, number))
        child.start()
        child.join(60)
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL, f"step {number}"
        assert not place.whole or place.rows() in (before, rows), f"step {number}"
        assert deliver() == 0, f"step {number}"
        assert place.rows() == rows, f"step {number}"
    assert number > len(steps)
    assert (place.rows(), sql(OPEN)) == (rows, [(0,)])
    traces = place.traces()
    assert deliver() == 0
    assert place.traces() == traces
