"""The golden record: for each entity the one value of each field that is believed."""

from __future__ import annotations

from entity_resolution.entity import Entity
from entity_resolution.kinds import Survivor
from shared.warehouse import literal, quote

# How many records an entity has, and of which sources.
COUNTS = ("party_count", "source_systems")


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
        A query with the columns `golden_columns`.
    """
    ranks = "".join(f" when {literal(source)} then {rank}" for rank, source in enumerate(entity.sources))
    rank = f"case party.source_system{ranks} else {len(entity.sources)} end" if ranks else "0"
    rules = {f"rule_{number}": rule for number, rule in enumerate(entity.golden)}
    return f"""
        with member as (
            select party.*, entity.entity_id, {rank} as source_rank
            from {parties} as party inner join {entities} as entity on entity.party_id = party.party_id
        ),
        {", ".join(f"{name} as ({_chosen(rule)})" for name, rule in rules.items())},
        entity as (
            select
                entity_id, count(*) as party_count,
                string_agg(distinct source_system, ',' order by source_system) as source_systems
            from member group by entity_id
        )
        select {", ".join(map(quote, golden_columns(entity)))}
        from entity {" ".join(f"left join {name} using (entity_id)" for name in rules)}
    """


def _chosen(rule: Survivor) -> str:
    """Return the query for the record that a rule chooses of each entity, by the fields that come from it."""
    fields = ", ".join(f"{quote(column)} as {quote(field)}" for field, column in rule.fields.items())
    # Worked out within, as one of them may count over the candidates.
    values = "".join(f", {value} as place_{number}" for number, (value, _) in enumerate(rule.order))
    places = "".join(f"place_{number} {direction}, " for number, (_, direction) in enumerate(rule.order))
    return f"""
        select distinct on (entity_id) entity_id, {fields}
        from (select *{values} from member where {rule.condition}) as candidate
        order by entity_id, {places}source_rank, party_id
    """
