"""What people have decided of single values: kept by the id that it was decided of, and applied to where that leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from entity_resolution.entity import Entity
from shared.errors import UserError
from shared.utils.clock import utc_now
from shared.utils.excerpts import listed
from shared.warehouse import Warehouse, literal, quote

TABLE = "master.entity_override"
KEY = ("entity", "entity_id", "field")
MOST_CHARACTERS, MOST_REASON = 10_000, 500
MOST_LISTED, MOST_NOTES = 1000, 10


@dataclass(frozen=True)
class Override:
    """A value that somebody has decided, and what has become of it.

    Attributes:
        entity_id: What it was decided of.
        field: Of the golden record.
        leads_to: The present entities that the id leads to.
        is_applied: Whether the golden record has it.
    """

    entity_id: str
    field: str
    reason: str
    set_by: str
    set_at: datetime
    leads_to: tuple[str, ...]
    is_applied: bool

    @property
    def is_moved(self) -> bool:
        """Whether it was decided of an entity that is another one by now, or none."""
        return self.leads_to != (self.entity_id,)

    def fate(self, entity: Entity) -> str:
        """Return what has become of it, in words."""
        if self.field not in entity.fields:
            return "not applied: the field is declared no more"
        if not self.leads_to:
            return "not applied: the entity's records are gone; it counts again if they come back"
        if len(self.leads_to) > 1:
            return f"not applied: the entity was split into {listed(self.leads_to)}; decide for the one that is meant"
        (present,) = self.leads_to
        if not self.is_applied:
            return f"not applied: the entity was merged into `{present}`, of which another value was decided"
        return f"applied to `{present}`, into which the entity was merged" if self.is_moved else "applied"


def version_query(entity: Entity) -> str:
    """Return the query, in brackets, for what people have decided of an entity's records."""
    return f"(select entity_id, field, value from {TABLE} where entity = {literal(entity.name)})"


def read(warehouse: Warehouse, entity: Entity, history: str, where: str = "true") -> list[Override]:
    """Return what people have decided, by id and field, `MOST_LISTED` rows at most; never the values themselves.

    Args:
        warehouse: Where master is.
        entity: Of whose records.
        history: The table of where each id leads.
        where: Which of them, a condition on the columns of `_placed`.
    """
    rows = warehouse.fetch(
        f"select entity_id, field, reason, set_by, set_at, present_id, place = 1 and targets = 1 "
        f"from ({_placed(entity, history)}) as placed where {where} "
        f"order by entity_id, field, present_id limit {MOST_LISTED}"
    )
    found: dict[tuple[str, str], Override] = {}
    for entity_id, field, reason, set_by, set_at, present, applied in rows:
        before = found.get((entity_id, field))
        leads_to = (*(before.leads_to if before else ()), *([present] if present else []))
        is_applied = bool(applied) and present is not None and field in entity.fields
        found[entity_id, field] = Override(entity_id, field, reason, set_by, set_at, leads_to, is_applied)
    return list(found.values())


def check(warehouse: Warehouse, entity: Entity, entity_id: str, field: str, history: str) -> str:
    """Return the present entity of an id, of whose field something may be decided.

    Raises:
        UserError: There is no such field or id, or it leads to none or to several. What was given is not shown: who
            mixes up their order has typed a value there.
    """
    if field not in entity.fields:
        raise UserError(
            f"the golden records of `{entity.name}` have no such field",
            hint=f"write ID, FIELD and VALUE in this order; there is: {', '.join(entity.fields)}",
        )
    leads = warehouse.fetch(f"select present_id from {history} where entity_id = $1 order by 1", [entity_id])
    present = [each for (each,) in leads if each is not None]
    if not leads:
        raise UserError(f"there is no `{entity.name}` of this id", hint=f"{history} has every id ever given")
    if len(present) != 1:
        became = f"was split into {listed(present)}" if present else "has no records any more"
        raise UserError(
            f"the entity {became}: `{entity_id}`", hint="name one that is there; `--clear` takes back what was decided"
        )
    return str(present[0])


def readable(warehouse: Warehouse, field: str, value: str, type_: str) -> str:
    """Return a value as its field's type writes it.

    Raises:
        UserError: It is none of this type, missing, or too long.
    """
    if not value or "\0" in value or len(value) > MOST_CHARACTERS:
        raise UserError(
            f"not a value of 1 to {MOST_CHARACTERS:,} characters", hint="a person can set a value, but not take one out"
        )
    with _of_type(field, type_):
        return str(warehouse.fetch(f"select cast(cast($1 as {type_}) as varchar)", [value])[0][0])


def put(warehouse: Warehouse, entity: Entity, entity_id: str, field: str, value: str, made: Sequence[str]) -> None:
    """Enter what somebody has decided, in place of what was decided before.

    Args:
        warehouse: Where master is.
        entity: Of whose record.
        entity_id: Of which.
        field: Of which field.
        value: As `readable` returns it.
        made: The reason, who decided, and the id of the run.
    """
    reason, by, run_id = made
    row = {"entity": entity.name, "entity_id": entity_id, "field": field, "value": value}
    row |= {"reason": reason, "set_by": by, "run_id": run_id}
    table = pa.Table.from_pylist([row]).append_column("set_at", pa.array([utc_now()], pa.timestamp("us")))
    warehouse.merge_arrow(TABLE, table, key=KEY)


def decided_of(warehouse: Warehouse, entity: Entity, entity_id: str, field: str, history: str) -> list[str]:
    """Return of which ids something was decided that counts for this one: of itself, or of who was merged into it.

    Raises:
        UserError: Of none.
    """
    ids = [
        each
        for (each,) in warehouse.fetch(
            f"select distinct entity_id from ({_placed(entity, history)}) as placed "
            "where field = $1 and (entity_id = $2 or (present_id = $2 and targets = 1)) order by 1",
            [field, entity_id],
        )
    ]
    if not ids:
        raise UserError("nothing was decided of this id and field", hint=f"`override {entity.name}` lists what was")
    return ids


def clear(warehouse: Warehouse, entity: Entity, ids: Sequence[str], field: str) -> None:
    """Take back what was decided of a field of these ids."""
    for each in ids:
        warehouse.execute(
            f"delete from {TABLE} where entity = $1 and entity_id = $2 and field = $3", [entity.name, each, field]
        )


def notes(warehouse: Warehouse, entity: Entity, history: str) -> list[str]:
    """Return a sentence for each decision that is not applied to the entity that it was made of, without its value."""
    elsewhere = f"entity_id is distinct from present_id or place <> 1 or field not in ({_fields(entity)})"
    moved = read(warehouse, entity, history, elsewhere)
    told = [f"override of `{each.field}` of `{each.entity_id}`: {each.fate(entity)}" for each in moved[:MOST_NOTES]]
    more = f"more overrides are not applied where they were made: `override {entity.name}` lists them"
    return [*told, *([more] if len(moved) > len(told) else [])]


def make_applied(warehouse: Warehouse, entity: Entity, history: str, name: str) -> list[str]:
    """Make a temporary table of what applies now: columns `entity_id`, `field`, `value`. Return the fields in it."""
    warehouse.execute(f"drop table if exists {name}")
    warehouse.execute(
        f"create temporary table {name} as select present_id as entity_id, field, value "
        f"from ({_placed(entity, history)}) as placed "
        f"where place = 1 and targets = 1 and present_id is not null and field in ({_fields(entity)})"
    )
    return [field for (field,) in warehouse.fetch(f"select distinct field from {name} order by 1")]


def apply(warehouse: Warehouse, golden: str, applied: str, field: str, type_: str) -> None:
    """Write the values of a field, of the table of `make_applied`, into a table of golden records.

    Raises:
        UserError: One of them is no value of the field's type, which was another when it was decided.
    """
    with _of_type(field, type_):
        warehouse.execute(
            f"update {golden} set {quote(field)} = cast({applied}.value as {type_}) from {applied} "
            f"where {applied}.entity_id = {golden}.entity_id and {applied}.field = {literal(field)}"
        )


def _placed(entity: Entity, history: str) -> str:
    """Return the query for each decision with where its id leads, a row each, and its place among those of one entity.

    What was decided of an entity itself goes before what was decided of one that was merged into it, and a later
    decision before an earlier one.
    """
    return f"""
        select led.*, row_number() over (
            partition by present_id, field, targets = 1 order by entity_id <> present_id, set_at desc, entity_id
        ) as place
        from (
            select decided.*, history.present_id,
                count(*) over (partition by decided.entity_id, decided.field) as targets
            from {TABLE} as decided left join {history} as history on history.entity_id = decided.entity_id
            where decided.entity = {literal(entity.name)}
        ) as led
    """


def _fields(entity: Entity) -> str:
    return ", ".join(map(literal, entity.fields))


@contextmanager
def _of_type(field: str, type_: str) -> Iterator[None]:
    """Raise what a database says of a value that is none of a type, without the value."""
    try:
        yield
    except Exception as error:
        # As every Python driver calls it (PEP 249).
        if not any(each.__name__ == "DataError" for each in type(error).__mro__):
            raise
    else:
        return
    raise UserError(
        f"what was decided of a field is no value of its type: `{field}`, {type_}",
        hint="write a date as YYYY-MM-DD; `--clear` takes back what was decided when the type was another",
    )
