"""dlt sources and resources as they are, and the kinds of this piece as the guarantees' tests will use them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pytest
from conftest import Project, on_duckdb_alone
from kinds import KEY, Kind, Row, row
from kinds.dlt import KINDS as DLT_KINDS
from kinds.rest import KINDS as REST_KINDS
from pydantic import Field

from ingress.gather.child import Child
from ingress.readers.dlt.reader import Dlt
from ingress.source import Resource, Source
from shared.config import get_settings
from shared.config.named import Setting
from shared.data_quality import JsonText, RowModel
from shared.errors import ConfigurationError, InputError, SourceUnavailable

KINDS = (*REST_KINDS, *DLT_KINDS)


class Issue(RowModel):
    """An issue."""

    id: int = Field(ge=1)
    title: str | None = None
    labels: JsonText | None = None


class Label(RowModel):
    """A label of an issue."""

    issue_id: int
    place: int
    name: str


def resource_of(reader: Dlt, model: type[RowModel] = Issue) -> Resource:
    """Return a resource that a reader fills."""
    return Resource("issues", "issues", model, ("id",), reader, contract="evolve")


def read(reader: Dlt, model: type[RowModel] = Issue) -> list[dict[str, Any]]:
    """Return the good rows that a reader reads."""
    opened = reader.read(resource_of(reader, model), get_settings(), [])
    return [row for batch in opened.batches for row in batch.good.to_pylist()]


def yielding(*items: Any) -> Dlt:
    """Return the reader of a resource that yields these."""
    return Dlt(lambda: dlt.resource(lambda: iter(items), name="issues"))


@dlt.source(name="tracker")
def tracker(token: str = "none") -> Any:
    """Return two resources, as verified sources do."""
    return dlt.resource([{"id": 1, "title": token}], name="issues"), dlt.resource([{"id": 2}], name="pulls")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kinds_are_loaded_and_asked_for_changes(
    project: Project, kind: type[Kind], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are checked and merged, a bad one is in quarantine, and with a cursor only what has changed is read."""
    with kind.opened(project.root / "data", monkeypatch) as place:
        resource = Resource("rows", "rows", Row, KEY, place.reader(cursor=True), contract="evolve")
        source = Source("kinds", (resource,))
        place.put([row(0), row(1), row(2)], more=1)
        project.load_source(source)
        assert [position for _, position, _ in project.bad_rows()] == [1]
        assert project.fetch("select id, amount, more from raw.rows order by 1") == [
            (1, Decimal("0.25"), "1"),
            (2, Decimal("0.50"), "1"),
        ]
        later = datetime(2026, 2, 1, tzinfo=timezone.utc)
        place.put(
            [row(1, name="unseen", changed_at=datetime(2025, 1, 1, tzinfo=timezone.utc)), row(3, changed_at=later)]
        )
        project.load_source(source)
        assert project.fetch("select id, name from raw.rows order by 1") == [(n, f"name {n}") for n in (1, 2, 3)]


def test_what_is_nested_becomes_rows_or_text(project: Project) -> None:
    """A list within mappings is kept as JSON, and, where it is declared, also as a table with its parent's key."""
    issue = {"id": 1, "title": "a", "labels": [{"name": "new"}, {"name": "odd"}]}
    reader = yielding([issue, {"id": 2, "title": "b", "labels": []}], {"id": 0})
    labels = Child(reader, "labels", parent={"issue_id": "id"}, number="place")
    source = Source("git", (resource_of(reader), Resource("labels", "labels", Label, ("issue_id", "place"), labels)))
    project.load_source(source)
    assert project.fetch("select issue_id, place, name from raw.labels order by 2") == [(1, 1, "new"), (1, 2, "odd")]
    assert project.fetch("select labels from raw.issues order by id") == [
        ('[{"name": "new"}, {"name": "odd"}]',),
        ("[]",),
    ]
    assert project.bad_rows() == [("issues", 3, "`id`: input should be greater than or equal to 1")]


def test_tables_and_batches_are_rows_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow tables, batches and mappings come in one order; types that only rows can be checked by are."""
    table = pa.table({"id": [1, 2], "title": ["a", None]})
    odd = pa.table({"id": ["3"], "labels": [[{"name": "x"}]], "size": [7]})
    found = read(yielding(table, {"id": 9}, table.to_batches()[0].slice(1), odd))
    assert [(each["_position"], each["id"]) for each in found] == [(1, 1), (2, 2), (3, 9), (4, 2), (5, 3)]
    assert (found[-1]["labels"], found[-1]["size"]) == ('[{"name": "x"}]', "7")


def test_frames_of_any_library_are_rows_as_well() -> None:
    """What hands over arrow columns is read as such, whatever library it is of; the numbers of its rows are none."""
    relation = duckdb.sql("select 1 as id, 'a' as title, 7 as __index_level_0__")
    views = pa.table({"id": [2], "title": pa.array(["c"], pa.string_view())})
    (first, second) = (Frame(table) for table in (relation.to_arrow_table(), views))
    found = read(yielding(relation, first, second))
    assert [(each["id"], each["title"]) for each in found] == [(1, "a"), (1, "a"), (2, "c")]
    assert {*found[0]} == {"id", "title", "labels", "_position"}


class Frame:
    """A frame of a library that is not known here: all that it has is how it hands its columns over."""

    def __init__(self, table: pa.Table) -> None:
        self.__arrow_c_stream__ = table.__arrow_c_stream__


def test_arguments_and_one_of_a_sources_resources(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source is named by its place, given what it needs, a secret too, and which of its resources is meant."""
    monkeypatch.setenv("TRACKER_TOKEN", "hush-hush-77")
    reader = Dlt("test_dlt:tracker", {"token": Setting("TRACKER_TOKEN")}, resource="issues")
    assert reader.required_settings == ("TRACKER_TOKEN",)
    assert [each["title"] for each in read(reader)] == ["hush-hush-77"]
    assert [each["id"] for each in read(Dlt(lambda: tracker().with_resources("pulls")))] == [2]
    for wrong, said in (
        (Dlt("test_dlt:tracker"), "is meant is not clear: issues, pulls"),
        (Dlt("test_dlt:nothing"), "cannot be imported: `test_dlt:nothing`"),
        (Dlt(lambda: 7), "no dlt source or resource: `int`"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            read(wrong)


def test_error_is_told_without_the_secret_and_generators_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a resource raises becomes an error of ours; what it holds open is closed, also where we are at fault."""
    closed: list[str] = []
    monkeypatch.setenv("TRACKER_TOKEN", "hush-hush-78")

    @dlt.resource(name="issues")
    def failing(token: str, after: int) -> Iterator[Any]:
        try:
            yield [{"id": 1}] * 3_000
            if after:
                raise OSError(f"no answer for {token}")
            yield {"other": 1}
        finally:
            closed.append(token)

    token = Setting("TRACKER_TOKEN")
    with pytest.raises(SourceUnavailable, match=r"fails amid `issues`: OSError: no answer for \*\*\*") as raised:
        read(Dlt(failing, {"token": token, "after": 1}))
    assert raised.value.hint
    monkeypatch.setattr("ingress.gather.gathered.MOST_EXTRAS", -3)
    with pytest.raises(InputError, match="columns in"):
        read(Dlt(failing, {"token": token, "after": 0}))
    assert len(closed) == 2


@on_duckdb_alone
def test_state_of_dlt_decides_nothing(project: Project) -> None:
    """A resource that keeps its place in dlt's state is read from raw's cursor on, not from its own."""

    @dlt.resource(name="issues")
    def issues(after: Any = dlt.sources.incremental("id", initial_value=1)) -> Iterator[Any]:  # noqa: B008
        starts.append(after.start_value)
        yield [{"id": number} for number in range(1, 4)]

    starts: list[int] = []
    source = Source("git", (resource_of(Dlt(issues, cursor="id")),))
    project.load_source(source)
    project.load_source(source)
    assert starts == [1, 3]


@on_duckdb_alone
def test_tables_whose_names_begin_alike_are_merged_apart(project: Project) -> None:
    """Two tables of one load are merged each with its own rows, however long the part is that their names share."""
    tables = [f"{'issues_of_the_' * 4}{name}" for name in ("past", "present")]
    for title in ("first", "second"):
        readers = [yielding([{"id": number, "title": title}]) for number in range(1, 3)]
        resources = (Resource(table, table, Issue, ("id",), each) for table, each in zip(tables, readers, strict=True))
        project.load_source(Source("git", tuple(resources)))
    found = [project.fetch(f"select id, title from raw.{table}") for table in tables]
    assert found == [[(1, "second")], [(2, "second")]]
