-- Transactions of other databases, each named before it is committed there: one that is not marked may have been committed
-- without the send state's knowing. Until now a run's output named it, in the detail of its target.
create table ops.delivery_transaction (
    run_id varchar not null,
    target varchar not null,
    transaction_number bigint not null,
    target_table varchar not null,
    target_database varchar not null,
    marked boolean not null,
    primary key (run_id, target)
);
-- One that was marked had settled all that were open before it.
insert into ops.delivery_transaction
(run_id, target, transaction_number, target_table, target_database, marked)
select
    run_id,
    target,
    cast(entry ->> 'transaction' as bigint) as transaction_number,
    entry ->> 'table' as target_table,
    entry ->> 'database' as target_database,
    coalesce(
        sequence <= max(case when (entry ->> 'marked') = 'true' then sequence end) over (partition by target), false
    ) as marked
from (
    select
        o.run_id,
        o.relation as target,
        r.sequence,
        -- Nothing else is read as JSON.
        case when o.detail like '%"transaction": %' then cast(o.detail as json) end as entry
    from ops.run_output as o
    inner join ops.run as r on o.run_id = r.run_id
) as noted
where
    (entry ->> 'transaction') is not null
    and (entry ->> 'table') is not null
    and (entry ->> 'database') is not null;
