with runs as (

    select * from {{ source('ops', 'run') }}
    where step = 'resolve' and status = 'succeeded'

),

metrics as (

    select * from {{ source('ops', 'run_metric') }}

),

-- A run that had nothing to do measures nothing and is not here.
measured as (

    select
        runs.run_id,
        runs.sequence as run_number,
        runs.started_at as resolved_at,
        {% for name in [
            'parties', 'entities', 'entities_joined', 'largest_entity', 'entities_with_several_crm',
            'entities_with_several_loyalty', 'pairs_right', 'pairs_wrong', 'pairs_missed'
        ] %}
            cast(max(case when metrics.name = '{{ name }}' then metrics.value end) as bigint) as {{ name }},
        {% endfor %}
        max(case when metrics.name = 'precision' then metrics.value end) as pair_precision,
        max(case when metrics.name = 'recall' then metrics.value end) as pair_recall,
        max(case when metrics.name = 'f1' then metrics.value end) as f1,
        row_number() over (order by runs.sequence desc) = 1 as is_latest
    from runs
    inner join metrics on runs.run_id = metrics.run_id
    group by runs.run_id, runs.started_at, runs.sequence

)

select * from measured
