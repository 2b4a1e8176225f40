"""The golden record: for each entity the one value of each field that is believed, and where that comes from."""

from __future__ import annotations

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
        A query with the columns `golden_columns`, and for `provenance_query` two more of each rule.
    """
    ranks = "".join(f" when {literal(source)} then {rank}" for rank, source in enumerate(entity.sources))
    rank = f"case party.source_system{ranks} else {len(entity.sources)} end" if ranks else "0"
    rules = {f"rule_{number}": _chosen(each, number) for number, each in enumerate(entity.golden)}
    chosen = [name for number in range(len(rules)) for name in _places(number)]
    return f"""
        with member as (
            select party.*, entity.entity_id, {rank} as source_rank
            from {parties} as party inner join {entities} as entity on entity.party_id = party.party_id
        ),
        {", ".join(f"{name} as ({query})" for name, query in rules.items())},
        entity as (
            select
                entity_id, count(*) as party_count,
                string_agg(distinct source_system, ',' order by source_system) as source_systems
            from (select entity_id, source_system {CODES} as source_system from member) as named group by entity_id
        )
        select {", ".join([*map(quote, golden_columns(entity)), *chosen])}
        from entity {" ".join(f"left join {name} using (entity_id)" for name in rules)}
    """


def provenance_query(entity: Entity, golden: str, entities: str, decided: str) -> str:
    """Return the query for where each value of golden records comes from: a row for each that is not missing.

    Args:
        entity: What the records are of.
        golden: A table of the rows of `golden_query`.
        entities: A table with columns `party_id`, `source_system`, `source_id`.
        decided: A table of the values that people have decided, columns `entity_id`, `field`: these are of no record.

    Returns:
        A query with the columns `PROVENANCE`.
    """
    values = " union all ".join(
        f"select entity_id, {literal(field)} as field, {party} as party_id, {rule} as rule "
        f"from {golden} where {quote(field)} is not null"
        for number, each in enumerate(entity.golden)
        for party, rule in [_places(number)]
        for field in each.fields
    )
    # A condition on one side of a left join alone would make it a loop over all pairs of rows.
    return f"""
        select named.entity_id, named.field, party.source_system, party.source_id, named.rule
        from (
            select value.entity_id, value.field,
                case when decided.field is null then value.party_id end as party_id,
                case when decided.field is null then value.rule else {literal(PERSON)} end as rule
            from ({values}) as value
                left join {decided} as decided on decided.entity_id = value.entity_id and decided.field = value.field
        ) as named left join {entities} as party on party.party_id = named.party_id
    """


def _places(number: int) -> tuple[str, str]:
    """Return the columns of the party that a rule has chosen, and of what the rule is called."""
    # No field is called so, as names of columns have no blank.
    return quote(f"party {number}"), quote(f"rule {number}")


def _chosen(survivor: Survivor, number: int) -> str:
    """Return the query for the record that a rule chooses of each entity, by the fields that come from it."""
    party, rule = _places(number)
    fields = ", ".join(f"{quote(column)} as {quote(field)}" for field, column in survivor.fields.items())
    # Worked out within, as one of them may count over the candidates.
    names = [quote(f"place {place}") for place in range(len(survivor.order))]
    values = "".join(f", {value} as {name}" for name, (value, _) in zip(names, survivor.order, strict=True))
    places = "".join(f"{name} {direction}, " for name, (_, direction) in zip(names, survivor.order, strict=True))
    nth = quote("nth record")
    # `distinct on` would keep a list for each entity, on DuckDB in memory alone; what is numbered waits on the disk.
    return f"""
        select entity_id, {fields}, party_id as {party}, {survivor.rule} as {rule}
        from (
            select *, row_number() over (
                partition by entity_id order by {places}source_rank, party_id {CODES}
            ) as {nth}
            from (select *{values} from member where {survivor.condition}) as candidate
        ) as ranked
        where {nth} = 1
    """
