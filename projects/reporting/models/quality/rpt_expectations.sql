with outcomes as (

    select * from {{ source('ops', 'expectation') }}

),

runs as (

    select * from {{ source('ops', 'run') }}

),

described as (

    select
        outcomes.run_id,
        outcomes.relation,
        outcomes.name as expectation,
        outcomes.kind,
        outcomes.dimension,
        outcomes.severity,
        outcomes.status,
        outcomes.rows_checked,
        outcomes.rows_failed,
        outcomes.checked_at,
        row_number() over (partition by outcomes.relation, outcomes.name order by runs.sequence desc) = 1 as is_latest
    from outcomes
    inner join runs on outcomes.run_id = runs.run_id

)

select * from described
