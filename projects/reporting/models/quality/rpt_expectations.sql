with outcomes as (

    select * from {{ source('ops', 'expectation') }}

),

described as (

    select
        run_id,
        relation,
        name as expectation,
        kind,
        dimension,
        severity,
        status,
        rows_checked,
        rows_failed,
        checked_at,
        row_number() over (partition by relation, name order by checked_at desc, run_id desc) = 1 as is_latest
    from outcomes

)

select * from described
