-- A run that says `running` was killed where nobody writes as its role any more, which is for `build` to say.
with runs as (

    select
        *,
        coalesce(position(',' || role || ',' in ',{{ var("writing_roles", "reporting") }},') > 0, false) as role_writes
    from {{ source('ops', 'run') }}

),

outputs as (

    select
        run_id,
        count(*) as relations,
        sum(row_count) as row_count
    from {{ source('ops', 'run_output') }}
    -- What a run did without is no relation of its.
    where not starts_with(detail, '{"left_out": ')
    group by run_id

),

metrics as (

    select
        run_id,
        max(case when name = 'models_passed' then value end) as models_passed,
        max(case when name = 'models_failed' then value end) as models_failed,
        max(case when name = 'tests_passed' then value end) as tests_passed,
        max(case when name = 'tests_failed' then value end) as tests_failed
    from {{ source('ops', 'run_metric') }}
    group by run_id

),

described as (

    select
        runs.run_id,
        runs.sequence as run_number,
        runs.step,
        runs.command,
        case when runs.status = 'running' and not runs.role_writes then 'interrupted' else runs.status end as status,
        coalesce(runs.environment, 'none') as environment,
        runs.python_version,
        runs.started_at,
        case
            when runs.started_at <= min(runs.started_at) over (order by runs.sequence desc) then runs.started_at
        end as begun_at,
        cast(runs.started_at as date) as started_on,
        runs.finished_at,
        case
            when runs.finished_at >= runs.started_at
                then cast(extract(epoch from (runs.finished_at - runs.started_at)) as double precision)
        end as duration_seconds,
        coalesce(outputs.relations, 0) as relations,
        cast(coalesce(outputs.row_count, 0) as bigint) as row_count,
        cast(coalesce(metrics.models_passed, 0) as bigint) as models_passed,
        cast(coalesce(metrics.models_failed, 0) as bigint) as models_failed,
        cast(coalesce(metrics.tests_passed, 0) as bigint) as tests_passed,
        cast(coalesce(metrics.tests_failed, 0) as bigint) as tests_failed,
        row_number() over (
            partition by runs.step, split_part(runs.command, ' --', 1) order by runs.sequence desc
        ) = 1 as is_latest
    from runs
    left join outputs on runs.run_id = outputs.run_id
    left join metrics on runs.run_id = metrics.run_id

)

select * from described
