"""The golden record: for each entity the one value of each field that is believed, and where that comes from."""

from __future__ import annotations

from collections.abc import Iterable

from entity_resolution.entity import Entity
from entity_resolution.kinds import Survivor
from shared.warehouse import literal, quote

# In the order of code points, whatever the language of the server.
CODES = 'collate "C"'
# How many records an entity has, and of which sources.
COUNTS = ("party_count", "source_systems")
# The rule of what a person has decided.
PERSON = "person"
PROVENANCE = ("entity_id", "field", "source_system", "source_id", "rule")


def golden_columns(entity: Entity) -> tuple[str, ...]:
    """Return the columns of an entity's golden records, without when and by which run they were made."""
    return ("entity_id", *entity.fields, *COUNTS)


def golden_query(entity: Entity, parties: str, entities: str) -> str:
    """Return the query for one record of each entity, the same on every engine and whatever the order of the rows.

    Args:
        entity: Says by its rules which record each field comes from.
        parties: A table, or a query in brackets, with the columns of `current_parties`.
        entities: A table with columns `party_id`, `entity_id`.

    Returns:
        A query with the columns `golden_columns`, and for `provenance_query` three more of each rule.
    """
    ranks = "".join(f" when {literal(source)} then {rank}" for rank, source in enumerate(entity.sources))
    rank = f"case source_system{ranks} else {len(entity.sources)} end" if ranks else "0"
    rules = {f"rule_{number}": _chosen(each, number) for number, each in enumerate(entity.golden)}
    chosen = [name for number in range(len(rules)) for name in _places(number)]
    columns = ", ".join(map(quote, [*golden_columns(entity), *chosen]))
    alone = [f"cast(1 as bigint) as {COUNTS[0]}", f"source_system {CODES} as {COUNTS[1]}"]
    alone += [named for number, each in enumerate(entity.golden) for named in _taken(each, number, each.condition)]
    # Most entities are of one record, and nothing is chosen there.
    return f"""
        with member as (
            select party.*, entity.entity_id
            from {parties} as party inner join {entities} as entity on entity.party_id = party.party_id
        ),
        shared as (select entity_id from {entities} group by entity_id having count(*) > 1),
        several as (
            select member.*, {rank} as source_rank
            from member inner join shared on shared.entity_id = member.entity_id
        ),
        {", ".join(f"{name} as ({query})" for name, query in rules.items())},
        entity as (
            select
                entity_id, count(*) as {COUNTS[0]},
                string_agg(distinct source_system, ',' order by source_system) as {COUNTS[1]}
            from (select entity_id, source_system {CODES} as source_system from several) as named group by entity_id
        )
        select {columns} from entity {" ".join(f"left join {name} using (entity_id)" for name in rules)}
        union all
        select {columns} from (
            select member.entity_id, {", ".join(alone)}
            from member left join shared on shared.entity_id = member.entity_id
            where shared.entity_id is null
        ) as alone
    """


def provenance_query(entity: Entity, golden: str, decided: str) -> str:
    """Return the query for where each value of golden records comes from: a row for each that is not missing.

    Args:
        entity: What the records are of.
        golden: A table of the rows of `golden_query`.
        decided: A table of the values that people have decided, columns `entity_id`, `field`: these are of no record.

    Returns:
        A query with the columns `PROVENANCE`.
    """
    fields = [(field, _places(number)) for number, each in enumerate(entity.golden) for field in each.fields]
    listed = ", ".join(f"({place}, {literal(field)})" for place, (field, _) in enumerate(fields))

    # Named as no field is.
    nth, name = quote("nth field"), quote("field name")

    def of_each(values: Iterable[str]) -> str:
        return f"case {nth} {' '.join(f'when {place} then {value}' for place, value in enumerate(values))} end"

    system, record, rule = (of_each(quote(columns[part]) for _, columns in fields) for part in range(3))
    is_there = of_each(f"{quote(field)} is not null" for field, _ in fields)
    # All rows of an entity one after another: to write them takes half of the time of one field after another.
    return f"""
        select value.entity_id, value.field,
            case when decided.field is null then value.source_system end as source_system,
            case when decided.field is null then value.source_id end as source_id,
            case when decided.field is null then value.rule else {literal(PERSON)} end as rule
        from (
            select entity_id, {name} as field, {system} as source_system, {record} as source_id, {rule} as rule
            from {golden} cross join (values {listed}) as named ({nth}, {name}) where {is_there}
        ) as value
            left join {decided} as decided on decided.entity_id = value.entity_id and decided.field = value.field
    """


def _places(number: int) -> tuple[str, str, str]:
    """Return the columns of the record that a rule has chosen, its source and id, and of what the rule is called."""
    # No field is called so, as names of columns have no blank.
    return f"source {number}", f"record {number}", f"rule {number}"


def _taken(survivor: Survivor, number: int, condition: str = "") -> list[str]:
    """Return the columns that come from the record that a rule has chosen; under a condition, missing without it."""
    taken = {field: quote(column) for field, column in survivor.fields.items()}
    taken |= dict(zip(_places(number), ("source_system", "source_id", survivor.rule), strict=True))
    return [
        f"case when {condition} then {value} end as {quote(name)}" if condition else f"{value} as {quote(name)}"
        for name, value in taken.items()
    ]


def _chosen(survivor: Survivor, number: int) -> str:
    """Return the query for the record that a rule chooses of each shared entity, by the fields that come from it."""
    # Worked out within, as one of them may count over the candidates.
    names = [quote(f"place {place}") for place in range(len(survivor.order))]
    values = "".join(f", {value} as {name}" for name, (value, _) in zip(names, survivor.order, strict=True))
    places = "".join(f"{name} {direction}, " for name, (_, direction) in zip(names, survivor.order, strict=True))
    nth = quote("nth record")
    # `distinct on` would keep a list for each entity, on DuckDB in memory alone; what is numbered waits on the disk.
    return f"""
        select entity_id, {", ".join(_taken(survivor, number))}
        from (
            select *, row_number() over (
                partition by entity_id order by {places}source_rank, party_id {CODES}
            ) as {nth}
            from (select *{values} from several where {survivor.condition}) as candidate
        ) as ranked
        where {nth} = 1
    """
