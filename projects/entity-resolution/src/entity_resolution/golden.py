"""The golden record: for each entity the one value of each field that is believed."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from entity_resolution.parties import ADDRESS

# Whom to believe first: staff keep the CRM, members fill in the loyalty form on their phones.
SOURCE_ORDER = ("crm", "loyalty")
# Each of these survives on its own: the value most records agree on, then the preferred source's.
VOTED = ("given_name", "surname", "date_of_birth")


def golden_records(parties: pa.Table, entities: pa.Table) -> pa.Table:
    """Make one record of each entity, the same whatever the order of the rows.

    - Names and date of birth: the value that most of the entity's records have; when equal, the preferred source's;
      then that of the smallest party id.
    - Address: all fields from one record, since a street of one and a postcode of another are no address: the one
      that fills most fields, then the preferred source's, then the smallest party id.
    - Ids: the smallest CRM id; the smallest loyalty id among those with a household card, and its household.

    Args:
        parties: The rows of `read_parties`.
        entities: Columns `party_id`, `entity_id`.

    Returns:
        A row for each entity in the order of `entity_id`, columns as master.golden_customer but for the run's.
    """
    with duckdb.connect() as connection:
        connection.register("party", parties)
        connection.register("entity", entities)
        return connection.sql(_query()).to_arrow_table()


def _query() -> str:
    rank = f"list_position({list(SOURCE_ORDER)}, source_system)"
    address_fields = ", ".join(f"'{field}': {field}" for field in ADDRESS)
    filled = " + ".join(f"cast({field} is not null as integer)" for field in ADDRESS)
    return f"""
        with member as (
            select *, coalesce({rank}, {len(SOURCE_ORDER) + 1}) as source_rank
            from party join entity using (party_id)
        ),
        {", ".join(f"survivor_{field} as ({_vote(field)})" for field in VOTED)},
        entity_level as (
            select
                entity_id,
                first({{{address_fields}}} order by {filled} desc, source_rank, party_id) as address,
                count(*) as party_count,
                string_agg(distinct source_system, ',' order by source_system) as source_systems,
                min(source_id) filter (source_system = 'crm') as crm_customer_id,
                first(source_id order by household_id is null, source_id)
                    filter (source_system = 'loyalty') as loyalty_member_id,
                first(household_id order by household_id is null, source_id)
                    filter (source_system = 'loyalty') as household_id
            from member group by entity_id
        )
        select
            entity_id, given_name, surname, {", ".join(f"address.{field} as {field}" for field in ADDRESS)},
            date_of_birth, party_count, source_systems, crm_customer_id, loyalty_member_id, household_id
        from entity_level {" ".join(f"left join survivor_{field} using (entity_id)" for field in VOTED)}
        order by entity_id
    """


def _vote(field: str) -> str:
    return f"""
        select entity_id, first({field} order by votes desc, source_rank, party_id) as {field}
        from (
            select entity_id, {field}, count(*) as votes, min(source_rank) as source_rank, min(party_id) as party_id
            from member where {field} is not null group by entity_id, {field}
        ) group by entity_id
    """
