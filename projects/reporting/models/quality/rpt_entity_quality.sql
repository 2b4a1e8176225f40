with runs as (

    select * from {{ source('ops', 'run') }}
    where step = 'resolve' and status = 'succeeded'

),

metrics as (

    select * from {{ source('ops', 'run_metric') }}

),

-- Each run is of one entity, whose golden records it has written or found to be current.
outputs as (

    select
        run_id,
        replace(relation, 'master.golden_', '') as entity
    from {{ source('ops', 'run_output') }}
    where relation like 'master.golden!_%' escape '!'

),

-- A run that did not come so far measures nothing and is not here.
measured as (

    select
        runs.run_id,
        outputs.entity,
        runs.sequence as run_number,
        runs.started_at as resolved_at,
        {% for name in ['parties', 'entities', 'entities_joined', 'largest_entity'] %}
            cast(max(case when metrics.name = '{{ name }}' then metrics.value end) as bigint) as {{ name }},
        {% endfor %}
        cast(coalesce(
            sum(case when metrics.name like 'entities!_with!_several!_%' escape '!' then metrics.value end), 0
        ) as bigint) as entities_with_several,
        {% for name in ['pairs_right', 'pairs_wrong', 'pairs_missed'] %}
            cast(max(case when metrics.name = '{{ name }}' then metrics.value end) as bigint) as {{ name }},
        {% endfor %}
        max(case when metrics.name = 'precision' then metrics.value end) as pair_precision,
        max(case when metrics.name = 'recall' then metrics.value end) as pair_recall,
        max(case when metrics.name = 'f1' then metrics.value end) as f1,
        row_number() over (partition by outputs.entity order by runs.sequence desc) = 1 as is_latest
    from runs
    inner join outputs on runs.run_id = outputs.run_id
    inner join metrics on runs.run_id = metrics.run_id
    group by runs.run_id, outputs.entity, runs.started_at, runs.sequence

)

select * from measured
