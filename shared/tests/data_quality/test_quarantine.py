"""The quarantine neither loses nor doubles rows, and lets go of those that have been put right."""

from __future__ import annotations

import pytest

from shared.data_quality import BadRow, Quarantine
from shared.warehouse import Warehouse

BAD = BadRow.of(3, "`age`: field required", {"name": "x"})


def quarantine(warehouse: Warehouse, run_id: str, resource: str = "customers") -> Quarantine:
    """Return the quarantine of a resource as a run sees it."""
    return Quarantine(warehouse, run_id, "crm", resource)


@pytest.fixture(autouse=True)
def runs(warehouse: Warehouse) -> None:
    """Enter the runs, as on PostgreSQL a row belongs to whose run has found it."""
    for name in ("run1", "run2", "run3"):
        warehouse.execute(
            "insert into ops.run (run_id, sequence, step, command, status, python_version, host, pid, started_at, "
            "role) values ($1, 1, 'ingest', 'run', 'succeeded', '3', 'h', 1, timestamp '2026-01-01', $2)",
            [name, warehouse.role],
        )


def rows(warehouse: Warehouse, columns: str) -> list[tuple[object, ...]]:
    """Return columns of all quarantined rows."""
    return warehouse.fetch(f"select {columns} from ops.quarantine order by origin, position, resource desc")


def test_row_is_kept_with_everything_one_needs_to_find_it(warehouse: Warehouse) -> None:
    """A quarantined row says its run, source, resource, origin, position, reason and content."""
    assert quarantine(warehouse, "run1").add("a.csv", [BAD]) == 1
    assert rows(warehouse, "run_id, source, resource, origin, position, reason, payload, resolved_at") == [
        ("run1", "crm", "customers", "a.csv", 3, "`age`: field required", '{"name": "x"}', None)
    ]


def test_same_row_again_is_seen_again_not_doubled(warehouse: Warehouse) -> None:
    """Adding a row in a later run updates when it was last seen and by whom, and keeps when it was first seen."""
    quarantine(warehouse, "run1").add("a.csv", [BAD, BAD])
    ((first,),) = rows(warehouse, "first_seen_at")
    quarantine(warehouse, "run2").add("a.csv", [BAD])
    assert rows(warehouse, "run_id, first_seen_at, last_seen_at > first_seen_at") == [("run2", first, True)]


def test_other_place_or_content_is_another_row(warehouse: Warehouse) -> None:
    """Rows differ by source, resource, origin, position and payload, however these run together."""
    one = quarantine(warehouse, "run1")
    one.add("a.csv", [BAD, BadRow(4, BAD.reason, BAD.payload), BadRow(3, BAD.reason, "{}")])
    one.add("b.csv", [BAD])
    quarantine(warehouse, "run1", "contacts").add("a.csv", [BAD])
    assert warehouse.row_count("ops.quarantine") == 5


def test_row_that_is_no_longer_bad_is_resolved(warehouse: Warehouse) -> None:
    """After a load of an origin, its rows that the run did not find bad again are resolved; other origins are left."""
    first = quarantine(warehouse, "run1")
    first.add("a.csv", [BAD, BadRow.of(4, "r", {})])
    first.add("b.csv", [BAD])
    quarantine(warehouse, "run1", "contacts").add("a.csv", [BAD])
    second = quarantine(warehouse, "run2")
    second.add("a.csv", [BAD])
    assert second.resolve(["a.csv"]) == 1
    assert rows(warehouse, "resource, origin, position, resolved_at is null") == [
        ("customers", "a.csv", 3, True),
        ("contacts", "a.csv", 3, True),
        ("customers", "a.csv", 4, False),
        ("customers", "b.csv", 3, True),
    ]


def test_resolved_row_that_fails_again_is_open_again(warehouse: Warehouse) -> None:
    """A row that comes back bad after it was resolved is open, and its first sighting stays."""
    quarantine(warehouse, "run1").add("a.csv", [BAD])
    assert quarantine(warehouse, "run2").resolve() == 1
    quarantine(warehouse, "run3").add("a.csv", [BAD])
    assert rows(warehouse, "resolved_at") == [(None,)]
    assert [origin for _, origin, _ in quarantine(warehouse, "run3").unresolved()] == ["a.csv"]


def test_resolving_by_id_counts_what_was_open(warehouse: Warehouse) -> None:
    """Rows are resolved by their ids once; a second time finds nothing."""
    one = quarantine(warehouse, "run1")
    one.add("a.csv", [BAD])
    ids = [identifier for identifier, _, _ in one.unresolved()]
    assert (one.resolve_ids(ids), one.resolve_ids(ids), one.resolve_ids([])) == (1, 0, 0)


def test_nothing_bad_adds_nothing(warehouse: Warehouse) -> None:
    """An empty list of bad rows writes nothing."""
    assert quarantine(warehouse, "run1").add("a.csv", []) == 0


@pytest.mark.slow
def test_bulk_of_bad_rows_is_kept_and_resolved(warehouse: Warehouse) -> None:
    """150,000 bad rows are kept in one call, kept once when they come again, and all resolved together."""
    bad = [BadRow(number, "`age`: field required", '{"name": "x"}') for number in range(150_000)]
    for run_id in ("run1", "run2"):
        assert quarantine(warehouse, run_id).add("a.csv", bad) == 150_000
    assert warehouse.row_count("ops.quarantine") == 150_000
    assert quarantine(warehouse, "run3").resolve(["a.csv"]) == 150_000
    assert quarantine(warehouse, "run3").unresolved() == []
