"""The golden record: for each entity the one value of each field that is believed."""

from __future__ import annotations

from entity_resolution.parties import ADDRESS

# Whom to believe first: staff keep the CRM, members fill in the loyalty form on their phones.
SOURCE_ORDER = ("crm", "loyalty")
# Each of these survives on its own: the value most records agree on, then the preferred source's.
VOTED = ("given_name", "surname", "date_of_birth")
COLUMNS = (
    *("entity_id", "given_name", "surname", *ADDRESS, "date_of_birth", "party_count", "source_systems"),
    *("crm_customer_id", "loyalty_member_id", "household_id"),
)

# Which column of the parties those hold that are called otherwise there.
ORIGIN = {"source_systems": "source_system", "crm_customer_id": "source_id", "loyalty_member_id": "source_id"}


def golden_query(parties: str, entities: str) -> str:
    """Return the query for one record of each entity, the same on every engine and whatever the order of the rows.

    - Names and date of birth: the value that most of the entity's records have; when equal, the preferred source's;
      then that of the smallest party id.
    - Address: all fields from one record, since a street of one and a postcode of another are no address: the one
      that fills most fields, then the preferred source's, then the smallest party id.
    - Ids: the smallest CRM id; the smallest loyalty id among those with a household card, and its household.

    Args:
        parties: A table, or a query in brackets, with the columns of `current_parties`.
        entities: A table with columns `party_id`, `entity_id`.

    Returns:
        A query with the columns `COLUMNS`.
    """
    ranks = " ".join(f"when '{source}' then {rank}" for rank, source in enumerate(SOURCE_ORDER, start=1))
    return f"""
        with member as (
            select party.*, entity.entity_id, case party.source_system {ranks} else {len(SOURCE_ORDER) + 1} end as rank
            from {parties} as party inner join {entities} as entity on entity.party_id = party.party_id
        ),
        {", ".join(f"{field}_vote as ({_vote(field)})" for field in VOTED)},
        address as ({_address()}),
        card as (
            select distinct on (entity_id) entity_id, source_id as loyalty_member_id, household_id
            from member where source_system = 'loyalty' order by entity_id, household_id is null, source_id
        ),
        entity as (
            select
                entity_id, count(*) as party_count,
                string_agg(distinct source_system, ',' order by source_system) as source_systems,
                min(source_id) filter (where source_system = 'crm') as crm_customer_id
            from member group by entity_id
        )
        select
            entity_id, given_name, surname, {", ".join(ADDRESS)}, cast(date_of_birth as date) as date_of_birth,
            party_count, source_systems, crm_customer_id, loyalty_member_id, household_id
        from entity inner join address using (entity_id) left join card using (entity_id)
            {" ".join(f"left join {field}_vote using (entity_id)" for field in VOTED)}
    """


def _vote(field: str) -> str:
    return f"""
        select distinct on (entity_id) entity_id, {field}
        from (
            select entity_id, {field}, count(*) as votes, min(rank) as rank, min(party_id) as party_id
            from member where {field} is not null group by entity_id, {field}
        ) as ballot
        order by entity_id, votes desc, rank, party_id
    """


def _address() -> str:
    filled = " + ".join(f"cast({field} is not null as integer)" for field in ADDRESS)
    return f"""
        select distinct on (entity_id) entity_id, {", ".join(ADDRESS)}
        from member order by entity_id, {filled} desc, rank, party_id
    """
