"""Which id each cluster gets: that of who only grew or shrank, by the largest overlap with history, or a new one."""

from __future__ import annotations

import duckdb
import pyarrow as pa


def named_for(record: str) -> str:
    """Return the expression for the id that is named for a record, the same on every engine."""
    # 96 bits of a hash: no two records share them.
    return f"'E-' || left(md5({record}), 24)"


ID = named_for("cluster")
ANOTHER_ID = "'E-' || left(md5(cluster || ':' || (select revision from era)), 24)"

# A cluster is called by its smallest record here, whatever its maker calls it.
PREPARE = """
create or replace temporary table now as
    select party_id, min(party_id) over (partition by cluster_id) as cluster from cluster_rows;
create or replace temporary table known as
    select entity_id, min(given_in) as given_in, max(ended_in) as ended_in, bool_or(live) as live
    from (
        select entity_id, given_in, ended_in, false as live from history
        union all select distinct entity_id, null, null, true from present
    ) group by entity_id;
create or replace temporary table meeting as
    select cluster, entity_id from now inner join present using (party_id) group by all;
create or replace temporary table given as
    select cluster, entity_id from meeting
    qualify count(*) over (partition by cluster) = 1 and count(*) over (partition by entity_id) = 1;
"""

# What is left: entities that were merged or split, and records that are new or come back. A state is the members that
# an id has, or had when it ended or took in others. Overlap is the share of the records that both have of those that
# either has, of records known before and still there: so whoever was merged is found again when the two are parted,
# also where somebody has joined meanwhile.
CANDIDATES = """
create or replace temporary table open as
    select party_id, cluster from now anti join given using (cluster);
create or replace temporary table remembered as
    select state.entity_id, party_id, is_present from (
        select entity_id, party_id, true as is_present from present
        union all select entity_id, party_id, false from former inner join known using (entity_id) where not live
        -- Of who took in others, those that are still there.
        union all select entity_id, party_id, false from former semi join present using (entity_id, party_id)
    ) as state inner join now using (party_id)
    anti join given on given.entity_id = state.entity_id;
create or replace temporary table candidate as
    with cluster_size as (
        select cluster, count(*) as records from open
        where party_id in (select party_id from remembered) group by cluster
    ),
    state_size as (select entity_id, is_present, count(*) as records from remembered group by all),
    overlap as (
        select cluster, entity_id, is_present, count(*) as records
        from open inner join remembered using (party_id) group by all
    ),
    overlap_share as (
        select cluster, entity_id, max(overlap.records) as records,
            max(overlap.records / (cluster_size.records + state_size.records - overlap.records)) as share
        from overlap inner join cluster_size using (cluster) inner join state_size using (entity_id, is_present)
        group by all
    ),
    merging as (select cluster from meeting group by cluster having count(*) > 1)
    select cluster, entity_id, row_number() over (
        order by
            -- Entities that are merged leave one of their ids to the whole, not one that had ended.
            not known.live and cluster in (select cluster from merging),
            share desc, known.live desc, records desc, ended_in desc nulls last, given_in, entity_id, cluster
    ) as place
    from overlap_share inner join known using (entity_id);
"""

FINISH = f"""
insert into given
    -- Whose smallest record has given an id its name before gets another one.
    select cluster, case when {ID} in (select entity_id from known) then {ANOTHER_ID} else {ID} end
    from (select distinct cluster from open) as fresh
    where cluster not in (select cluster from given);
create or replace temporary table after as
    select party_id, entity_id from now inner join given using (cluster);
"""


def assign(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `after` of `party_id` and `entity_id`, from the relations that `next_change` makes.

    Beside it stays `known`, the ids before.
    """
    connection.execute(PREPARE)
    connection.execute(CANDIDATES)
    best = best_first(connection.sql("select cluster, entity_id from candidate order by place").fetchall())
    connection.register("best", best)
    connection.execute("insert into given select cluster, entity_id from best")
    connection.unregister("best")
    connection.execute(FINISH)


def best_first(candidates: list[tuple[str, str]]) -> pa.Table:
    """Take pairs of a cluster and an id in their order, each cluster and each id once."""
    taken: dict[str, str] = {}
    used: set[str] = set()
    for cluster, entity in candidates:
        if cluster not in taken and entity not in used:
            taken[cluster] = entity
            used.add(entity)
    columns = {"cluster": list(taken), "entity_id": list(taken.values())}
    return pa.table(columns, schema=pa.schema([("cluster", pa.string()), ("entity_id", pa.string())]))
