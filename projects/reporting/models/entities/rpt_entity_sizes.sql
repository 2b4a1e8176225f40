with entities as (

    select * from {{ source('master', 'golden_customer') }}

),

sizes as (

    select
        cast(party_count as bigint) as party_count,
        source_systems,
        count(*) as entities,
        cast(sum(party_count) as bigint) as parties
    from entities
    group by party_count, source_systems

)

select * from sizes
