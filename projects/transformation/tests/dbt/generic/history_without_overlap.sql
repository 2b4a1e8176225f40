{# Each key has one version at any moment, and at most one that is current. #}
{% test history_without_overlap(model, key) %}
with versions as (
    select
        {{ key }},
        valid_from,
        coalesce(valid_to, timestamp '9999-12-31') as valid_to,
        lead(valid_from) over (partition by {{ key }} order by valid_from) as next_valid_from
    from {{ model }}
)

select *
from versions
where valid_to > next_valid_from or valid_to < valid_from
{% endtest %}
