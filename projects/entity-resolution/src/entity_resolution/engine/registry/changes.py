"""What new ids change: events, where each id leads now, and the records by which ids that ended are known again."""

from __future__ import annotations

import duckdb

# `erased` and `moved` are for people's decisions: a record to be forgotten, one that somebody has put elsewhere.
EVENTS = ("created", "grown", "shrunk", "merged", "split", "retired")
RESERVED = ("erased", "moved")
# Each part of a `Change`, and the table that holds it.
PARTS = {
    "events": "event_rows",
    "replaced": "replaced",
    "history": "history_rows",
    "forgotten": "forgotten",
    "former": "former_rows",
}
# So many origins or destinations are named in a reason.
NAMED = 10

# How many records went from which id to which, and what became of the ids that they left.
FLOWS = """
create or replace temporary table flow as
    select present.entity_id as origin, after.entity_id as target, count(*) as records
    from present full outer join after using (party_id)
    where present.entity_id is distinct from after.entity_id group by all;
create or replace temporary table living as select distinct entity_id from after;
create or replace temporary table ended as
    select entity_id, (
        select count(distinct target) from flow where origin = known.entity_id
    ) as targets
    from known anti join living using (entity_id) where live;
"""

STEPS = f"""
create or replace temporary table happening as
    with told as (
        select flow.*, ended.targets, former_target.live as target_lived, ended.entity_id is not null as origin_ended,
            former_target.entity_id is not null as target_known
        from flow left join ended on ended.entity_id = origin left join known as former_target
            on former_target.entity_id = target
    )
    select target as entity_id, records,
        case
            when not coalesce(target_lived, false) then 'created'
            when origin_ended and targets = 1 then 'merged'
            else 'grown'
        end as event,
        case when target_known and not target_lived then 'comes back, ' else '' end || records
            || coalesce(' from ' || origin, ' new') as phrase
    from told where target is not null
    union all
    select origin, records,
        case
            when not origin_ended and target is not null and not coalesce(target_lived, false) then 'split'
            when not origin_ended then 'shrunk'
            when targets = 0 then 'retired'
            when targets = 1 then 'merged'
            else 'split'
        end,
        records || coalesce(' to ' || target, ' gone at their source')
    from told where origin is not null;
create or replace temporary table reason as
    with ranked as (
        select *, row_number() over (partition by entity_id, event order by records desc, phrase) as place
        from happening
    )
    select entity_id, event, string_agg(phrase, '; ' order by place) filter (place <= {NAMED})
        || case when count(*) > {NAMED} then '; and ' || (count(*) - {NAMED}) || ' more' else '' end as reason
    from ranked group by all;
create or replace temporary table event_rows as
    with members_before as (
        select entity_id, count(*) as records, to_json(list(party_id order by party_id))::varchar as members
        from present where entity_id in (select entity_id from reason) group by entity_id
    ),
    members_after as (
        select entity_id, count(*) as records, to_json(list(party_id order by party_id))::varchar as members
        from after where entity_id in (select entity_id from reason) group by entity_id
    )
    select revision, entity_id, event, reason,
        coalesce(members_before.records, 0) as records_before, coalesce(members_after.records, 0) as records_after,
        coalesce(members_before.members, '[]') as members_before,
        coalesce(members_after.members, '[]') as members_after
    from reason cross join era
        left join members_before using (entity_id) left join members_after using (entity_id);
"""

# An id that has ended keeps its last members, one that took in others those it had before.
FORMER = """
create or replace temporary table remembering as
    select entity_id from ended
    union select entity_id from event_rows where event = 'merged' and records_after > 0;
create or replace temporary table forgotten as
    select entity_id from remembering
    union select entity_id from known inner join living using (entity_id) where not live;
create or replace temporary table former_rows as
    select entity_id, party_id from present semi join remembering using (entity_id);
"""

# Where the last members of an id are; where none is left, where it led before; else nowhere.
HISTORY = """
create or replace temporary table last_member as
    select entity_id, party_id from former anti join forgotten using (entity_id)
    union all select entity_id, party_id from former_rows;
create or replace temporary table leads as
    with gone as (select entity_id from known anti join living using (entity_id)),
    by_members as (
        select last_member.entity_id, after.entity_id as present_id
        from last_member semi join gone using (entity_id) inner join after using (party_id) group by all
    ),
    by_way as (
        select before.entity_id, coalesce(living.entity_id, onward.present_id) as present_id
        from history as before semi join gone on gone.entity_id = before.entity_id
            left join living on living.entity_id = before.present_id
            left join by_members as onward on onward.entity_id = before.present_id
        where before.entity_id not in (select entity_id from by_members)
            and coalesce(living.entity_id, onward.present_id) is not null
        group by all
    ),
    found as (
        select entity_id, entity_id as present_id from living
        union all from by_members union all from by_way
    )
    select entity_id, found.present_id
    from (select entity_id from known union select entity_id from living) left join found using (entity_id);
create or replace temporary table history_now as
    select entity_id, present_id,
        case
            when entity_id = present_id then 'present'
            when present_id is null then 'retired'
            when count(*) over (partition by entity_id) = 1 then 'merged'
            else 'split'
        end as status,
        coalesce(known.given_in, revision) as given_in,
        case when living.entity_id is null then
            case when known.live then revision else coalesce(known.ended_in, revision) end
        end as ended_in
    from leads cross join era left join known using (entity_id) left join living using (entity_id);
create or replace temporary table replaced as
    select distinct entity_id from (
        (from history_now except from history) union all (from history except from history_now)
    );
create or replace temporary table history_rows as from history_now semi join replaced using (entity_id);
"""


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `PARTS` from what `assignment.assign` leaves."""
    for statements in (FLOWS, STEPS, FORMER, HISTORY):
        connection.execute(statements)
