with outputs as (

    select * from {{ source('ops', 'run_output') }}
    where relation like 'raw.%'

),

runs as (

    select * from {{ source('ops', 'run') }}
    where step = 'ingest' and finished_at is not null

),

loads as (

    select
        outputs.relation,
        outputs.row_count,
        runs.finished_at,
        case when outputs.detail not like '%"unchanged": true%' then runs.finished_at end as changed_at,
        row_number() over (partition by outputs.relation order by runs.sequence desc) as load_rank
    from outputs
    inner join runs on outputs.run_id = runs.run_id

),

described as (

    select
        relation,
        max(case when load_rank = 1 then row_count end) as row_count,
        max(finished_at) as last_checked_at,
        max(changed_at) as last_changed_at,
        count(*) as loads
    from loads
    group by relation

)

select
    *,
    cast(
        extract(epoch from (cast(current_timestamp at time zone 'UTC' as timestamp) - last_checked_at)) / 3600
        as double precision
    ) as hours_since_check
from described
