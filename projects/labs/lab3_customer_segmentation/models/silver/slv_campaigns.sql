with campaigns as (

    select * from {{ ref('brz_campaign_descriptions') }}

),

known as (

    select
        min(sale_date) as first_day,
        max(sale_date) as last_day
    from {{ ref('slv_baskets') }}

),

-- Only the days that the data cover.
clipped as (

    select
        campaigns.campaign_id,
        campaigns.campaign_type,
        campaigns.starts_on,
        campaigns.ends_on,
        known.first_day as first_known_day,
        campaigns.starts_on - {{ var('days_before') }} as before_from,
        least(campaigns.ends_on, known.last_day) as known_until
    from campaigns
    cross join known

),

judged as (

    select
        campaign_id,
        campaign_type,
        starts_on,
        ends_on,
        before_from,
        known_until,
        cast(greatest(known_until - starts_on + 1, 0) as integer) as known_days,
        before_from >= first_known_day
        and known_until - starts_on + 1 >= {{ var('minimum_days') }} as is_comparable
    from clipped

)

select * from judged
