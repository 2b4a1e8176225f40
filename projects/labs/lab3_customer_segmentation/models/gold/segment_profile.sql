with people as (

    select
        segments.segment,
        demographics.attribute,
        demographics.attribute_value
    from {{ ref('slv_demographics') }} as demographics
    inner join {{ ref('household_segments') }} as segments on demographics.household_id = segments.household_id

),

counted as (

    select
        segment,
        attribute,
        attribute_value,
        count(*) as households
    from people
    group by segment, attribute, attribute_value

),

shares as (

    select
        *,
        households / sum(households) over (partition by segment, attribute) as share_of_segment,
        sum(households) over (partition by attribute, attribute_value)
        / sum(households) over (partition by attribute) as share_of_all
    from counted

),

profile as (

    select
        segment,
        attribute,
        attribute_value,
        households,
        cast(share_of_segment as decimal(18, 4)) as share_of_segment,
        cast(share_of_all as decimal(18, 4)) as share_of_all,
        cast(100 * share_of_segment / share_of_all as decimal(18, 1)) as share_index
    from shares

)

select * from profile
