"""What there is to tell of a run, taken from the warehouse while it is open; the sender makes events of it later."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from shared.monitoring.lineage.origin import Dataset, Origin
from shared.monitoring.pipes import dagster_run

if TYPE_CHECKING:
    from shared.warehouse import Warehouse

End = Literal["succeeded", "failed", "interrupted"]
# By relation, what `Run.outputs` has of each.
Noted = Mapping[str, Mapping[str, object]]
Columns = Mapping[str, tuple[tuple[Dataset, str], ...]]

# A run that writes more relations, or a table that has more columns, is told in part.
MOST_OUTPUTS = 500
MOST_INPUTS = 100
MOST_FIELDS = 1_000


@dataclass(frozen=True)
class Table:
    """A dataset with its columns' names and types, as far as they are known."""

    dataset: Dataset
    fields: tuple[tuple[str, str | None], ...] = ()

    @property
    def names(self) -> set[str]:
        """The columns' names."""
        return {name for name, _ in self.fields}


@dataclass(frozen=True)
class Output:
    """What a run has written, and from what.

    Attributes:
        relation: What the ledger calls it.
        tables: Where it is; the same in several forms, where there are several.
        inputs: By their names in the warehouse, or for those elsewhere by a number.
        query: What made it and the dialect of that, where its columns' origin is to be found there.
    """

    relation: str
    tables: tuple[Table, ...]
    rows: int
    size: int | None
    inputs: Mapping[str, Table] = field(default_factory=dict)
    columns: Columns = field(default_factory=dict)
    query: tuple[str, str] | None = None
    is_derived: bool = False


@dataclass(frozen=True)
class Parent:
    """The run of somebody else that has started this one."""

    run_id: str
    namespace: str
    job: str


@dataclass(frozen=True)
class Begun:
    """A run that has begun.

    Attributes:
        root: The run that in the end started all of it, where that is not the parent.
        kind: `STEP`, or `RELATION` for what a step has made.
    """

    run_id: str
    namespace: str
    job: str
    at: datetime
    engine: str
    engine_version: str
    parent: Parent | None
    root: Parent | None = None
    kind: str = "STEP"


@dataclass(frozen=True)
class Ended:
    """How a run has ended."""

    begun: Begun
    end: End
    at: datetime
    outputs: tuple[Output, ...] = ()
    error: str | None = None


def parent_run(namespace: str) -> Parent | None:
    """Return the run that started this process: OPENLINEAGE_PARENT_ID names it, or it is Dagster's."""
    named = os.environ.get("OPENLINEAGE_PARENT_ID", "").rsplit("/", 2)
    found = Parent(named[2], named[0], named[1]) if len(named) == 3 else None
    if found is None and (ours := dagster_run()):
        found = Parent(ours[0], namespace, ours[1])
    return found if found and found.job and _is_uuid(found.run_id) else None


def outputs_of(
    warehouse: Warehouse, noted: Noted, origins: Mapping[str, Origin], *, with_fields: bool
) -> tuple[Output, ...]:
    """Return what a run has noted as written, and from what.

    Args:
        warehouse: Open.
        noted: The run's outputs.
        origins: What is known of where they come from.
        with_fields: Whether to ask the catalog for the columns of all of it.
    """
    catalog = Catalog(warehouse, with_fields=with_fields)
    # A target that a delivery has failed at is no relation, and nothing is known of what it has got.
    known = [relation for relation in noted if relation in origins or "." in relation]
    return tuple(
        _output(relation, noted[relation], origins.get(relation), catalog) for relation in known[:MOST_OUTPUTS]
    )


class Catalog:
    """The tables of a warehouse, each schema looked up once."""

    def __init__(self, warehouse: Warehouse, *, with_fields: bool) -> None:
        self.engine = warehouse.engine
        self._warehouse = warehouse
        self._with_fields = with_fields
        self._known: dict[str, dict[str, tuple[tuple[str, str | None], ...]]] = {}

    def table(self, relation: str) -> Table:
        """Return a relation of the warehouse."""
        return Table(Dataset.of_relation(self._warehouse, relation), self._fields(relation))

    def _fields(self, relation: str) -> tuple[tuple[str, str | None], ...]:
        schema = relation.partition(".")[0]
        if self._with_fields and schema not in self._known:
            self._known[schema] = {
                found.full_name: tuple((field.name, field.type) for field in found.fields[:MOST_FIELDS])
                for found in self._warehouse.relations(schema)
            }
        return self._known.get(schema, {}).get(relation, ())


def _output(relation: str, noted: Mapping[str, object], origin: Origin | None, catalog: Catalog) -> Output:
    rows, size = noted["rows"], noted.get("bytes")
    assert isinstance(rows, int) and (size is None or isinstance(size, int))
    table = catalog.table(relation)
    if origin is None:
        return Output(relation, (table,), rows, size)
    inputs = dict(_inputs(origin, catalog))
    tables: tuple[Table, ...] = (table,)
    if origin.outputs:
        # What is sent elsewhere as it is has the columns that it has here.
        fields = next((each.fields for each in inputs.values()), ()) if origin.same_names else ()
        tables = tuple(Table(dataset, fields) for dataset in origin.outputs)
    query = (origin.sql, catalog.engine) if origin.sql else None
    return Output(relation, tables, rows, size, inputs, _columns(origin, tables[0], inputs), query, is_derived=True)


def _inputs(origin: Origin, catalog: Catalog) -> Iterator[tuple[str, Table]]:
    elsewhere = tuple((name, None) for name in origin.columns.values())[:MOST_FIELDS]
    for place, found in enumerate(origin.inputs[:MOST_INPUTS]):
        yield (found, catalog.table(found)) if isinstance(found, str) else (str(place), Table(found, elsewhere))


def _columns(origin: Origin, table: Table, inputs: Mapping[str, Table]) -> Columns:
    same = {name: name for name, _ in table.fields} if origin.same_names else {}
    found = {
        name: tuple((each.dataset, source) for each in inputs.values() if source in each.names)
        for name, source in (same | dict(origin.columns)).items()
        if name in table.names
    }
    return {name: sources for name, sources in found.items() if sources}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
