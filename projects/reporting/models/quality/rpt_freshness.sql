with outputs as (

    select * from {{ source('ops', 'run_output') }}
    where relation like 'raw.%' and not starts_with(detail, '{"left_out": ')

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
        outputs.detail not like '%"unchanged": true%' as is_change,
        -- Not by time: a clock that once was ahead would hide what came after.
        row_number() over (partition by outputs.relation order by runs.sequence desc) as load_rank
    from outputs
    inner join runs on outputs.run_id = runs.run_id

),

ranked as (

    select
        *,
        row_number() over (partition by relation, is_change order by load_rank) as rank_among_changes
    from loads

),

described as (

    select
        relation,
        max(case when load_rank = 1 then row_count end) as row_count,
        max(case when load_rank = 1 then finished_at end) as last_checked_at,
        max(case when is_change and rank_among_changes = 1 then finished_at end) as last_changed_at,
        count(*) as loads
    from ranked
    group by relation

),

aged as (

    select
        *,
        cast(
            extract(epoch from (cast(current_timestamp at time zone 'UTC' as timestamp) - last_checked_at)) / 3600
            as double precision
        ) as hours_since_check
    from described

)

select
    *,
    -- As far as clocks may be apart; `shared.utils.clock` says the same.
    hours_since_check * 60 < -5 as is_in_future
from aged
