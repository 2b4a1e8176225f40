-- Counts alone: the rows that are kept there are persons' data. What a target of egress says of a row may quote it.

with quarantine as (

    select
        source as source_system,
        resource as resource_name,
        case when source = 'egress' then 'rejected by the target' else reason end as reason,
        cast(first_seen_at as date) as first_seen_on,
        case when resolved_at is null then 'open' else 'resolved' end as status
    from {{ source('ops', 'quarantine') }}

),

counted as (

    select
        source_system,
        resource_name,
        reason,
        first_seen_on,
        status,
        count(*) as bad_rows
    from quarantine
    group by source_system, resource_name, reason, first_seen_on, status

)

select * from counted
