"""What holds for each kind of reader, on both engines: declared once, for whatever `tests/kinds` has a place of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import duckdb
import pytest
from conftest import Project, killed_at, on_duckdb_alone
from kinds import KEY, Kind, Row, row

from ingress import readers
from ingress.deletions import Snapshot
from ingress.load.deletions import Marks
from ingress.source import Reader, Resource, Source
from shared.config import get_settings
from shared.data_quality.change_guard import TooManyDeletes
from shared.errors import InputError
from shared.testing.engines import Engine

PACKAGES = [module.name for module in iter_modules(readers.__path__) if module.ispkg]
THERE = [name for name in PACKAGES if (Path(__file__).parent / "kinds" / f"{name}.py").exists()]
BY_PACKAGE: list[Sequence[type[Kind]]] = [import_module(f"kinds.{name}").KINDS for name in THERE]
KINDS = [kind for kinds in BY_PACKAGE for kind in kinds]
FIRSTS = [kinds[0] for kinds in BY_PACKAGE]


def test_each_package_of_readers_is_held_to_the_guarantees() -> None:
    """A package of readers without a place in `tests/kinds` fails here."""
    assert PACKAGES == THERE


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(
    request: pytest.FixtureRequest, engine: Engine, project: Project, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kind]:
    """Make a place of each kind for the test; one kind of each package for PostgreSQL, as they differ in reading."""
    if engine == "postgres" and request.param not in FIRSTS:
        pytest.skip("another kind of its package shows it")
    folder = project.root / "data"
    folder.mkdir(exist_ok=True)
    with request.param.opened(folder, monkeypatch) as place:
        yield place


def source(reader: Reader, **declared: Any) -> Source:
    """Return a source of one resource that is read so."""
    return Source("kinds", (Resource("rows", "kinds_rows", Row, KEY, reader, **declared),))


def rows(project: Project, columns: str = "name") -> dict[int, Any]:
    """Return a column of the rows that are in raw and not deleted, by their ids."""
    return dict(project.fetch(f"select id, {columns} from raw.kinds_rows where _deleted_at is null order by id"))


def counts(project: Project, *names: str) -> list[int]:
    """Return what the ledger says of the last load."""
    ((detail,),) = project.fetch(
        "select detail from ops.run_output join ops.run using (run_id) order by sequence desc limit 1"
    )
    return [json.loads(detail).get(name, 0) for name in names]


def test_rows_from_bad_to_gone_and_back(kind: Kind, project: Project) -> None:
    """Bad rows are kept, copies dropped, unknown columns named; what vanishes is marked and may return."""
    whole = source(kind.reader(), contract="report", deletions=Snapshot())
    copies = [row(2)] if kind.repeats else []
    kind.put([*(row(number) for number in range(1, 6)), *copies, row(0)], colour="red")
    project.load_source(whole)
    assert rows(project) == {number: f"name {number}" for number in range(1, 6)}
    assert counts(project, "new", "bad", "copy") == [5, 1, len(copies)]
    assert [reason.partition(":")[0] for *_, reason in project.bad_rows()] == ["`id`"]
    assert "colour" not in columns(project)

    # Again as it is: nothing changes, the bad row stays the same one.
    before = project.state()
    project.load_source(whole, full=True)
    assert counts(project, "new", "changed", "unchanged", "deleted", "bad") == [0, 0, 5, 0, 1]
    assert project.state() == before

    kind.put([row(1), row(2, name="other"), row(4), row(5), row(6)])
    project.load_source(whole)
    assert counts(project, "new", "changed", "unchanged", "deleted", "bad") == [1, 1, 3, 1, 0]
    assert rows(project) == {1: "name 1", 2: "other", 4: "name 4", 5: "name 5", 6: "name 6"}
    assert project.bad_rows() == []
    gone = project.fetch(
        "select id, _deleted_by = run_id from raw.kinds_rows, ops.run where _deleted_at is not null and sequence = 3"
    )
    assert gone == [(3, True)]

    kind.put([row(1), row(2, name="other"), row(3), row(4), row(5), row(6)])
    project.load_source(whole)
    assert sorted(rows(project)) == [1, 2, 3, 4, 5, 6]
    assert counts(project, "new", "changed", "unchanged", "deleted") == [0, 1, 5, 0]


def columns(project: Project) -> list[str]:
    """Return the names of the columns of raw."""
    found = project.fetch(
        "select column_name from information_schema.columns where table_schema = 'raw' and table_name = 'kinds_rows'"
    )
    return [name for (name,) in found]


@on_duckdb_alone
def test_contract_says_what_an_unknown_column_does(kind: Kind, project: Project) -> None:
    """By `freeze` it is an error and nothing is loaded, by `evolve` it becomes a column of text."""
    kind.put([row(1)], colour="red")
    with pytest.raises(InputError, match="unknown column"):
        project.load_source(source(kind.reader()))
    assert columns(project) == []
    project.load_source(source(kind.reader(), contract="evolve"))
    assert project.fetch("select id, colour from raw.kinds_rows") == [(1, "red")]


def test_snapshot_that_lost_all_stops_before_anything_is_loaded(kind: Kind, project: Project) -> None:
    """A place that has lost all its rows by mistake deletes nothing without an approval."""
    if type(kind) is not KINDS[0]:
        pytest.skip("one kind shows it")
    whole = source(kind.reader(), deletions=Snapshot())
    kind.put([row(1), row(2)])
    project.load_source(whole)
    kind.put([row(3)])
    with pytest.raises(TooManyDeletes, match="2 of its 2 rows") as caught:
        project.load_source(whole)
    assert "`--approve-deletes 2`" in (caught.value.hint or "")
    assert sorted(rows(project)) == [1, 2]
    project.load_source(whole, approved_deletes=2)
    assert sorted(rows(project)) == [3]


@on_duckdb_alone
def test_only_what_has_changed_is_asked_for(kind: Kind, project: Project) -> None:
    """With a cursor, rows at or after the newest that is loaded are read, and change what they should."""
    if not kind.asks_since:
        pytest.skip("the kind reads all rows each time")
    later = datetime(2026, 1, 2, tzinfo=timezone.utc)
    changing = source(kind.reader(cursor=True))
    kind.put([row(1), row(2, changed_at=later)])
    project.load_source(changing)
    kind.put([row(1, name="unseen"), row(2, name="other", changed_at=later), row(3, changed_at=later)])
    project.load_source(changing)
    assert counts(project, "new", "changed", "unchanged", "kept") == [1, 1, 0, 2]
    assert project.fetch("select id, name from raw.kinds_rows order by 1") == [
        (1, "name 1"),
        (2, "other"),
        (3, "name 3"),
    ]


@on_duckdb_alone
def test_rows_stream(kind: Kind, project: Project) -> None:
    """What is opened is no list of all rows."""
    kind.put([row(1)])
    reader = kind.reader()
    resource = source(reader).resources[0]
    opened = reader.read(resource, get_settings(), reader.files(get_settings()))
    assert not isinstance(opened.batches, Sequence)
    with duckdb.connect() as duck:
        opened.duplicated(duck)
    found = list(opened.batches)
    assert ([bad for batch in found for bad in batch.bad], sum(batch.good.num_rows for batch in found)) == ([], 1)


def test_kill_before_rows_are_marked_is_made_good_by_a_rerun(kind: Kind, project: Project, engine: Engine) -> None:
    """Killed between its rows and its marks, a load that is run again ends as if nothing had happened."""
    if type(kind) not in (FIRSTS if engine == "duckdb" else FIRSTS[:1]):
        pytest.skip("another kind shows it")
    whole = source(kind.reader(), deletions=Snapshot())
    kind.put([row(1), row(2), row(3)])
    project.load_source(whole)
    kind.put([row(1), row(2, name="other"), row(4)])
    killed_at(Marks, "mark", lambda: project.load_source(whole))
    assert sorted(rows(project)) == [1, 2, 3, 4]
    project.load_source(whole)
    assert rows(project) == {1: "name 1", 2: "other", 4: "name 4"}
