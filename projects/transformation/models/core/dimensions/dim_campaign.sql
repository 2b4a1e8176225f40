with campaigns as (

    select * from {{ ref('stg_pos__campaign_descriptions') }}

),

targets as (

    select
        campaign_id,
        count(*) as household_count
    from {{ ref('stg_pos__campaigns') }}
    group by campaign_id

),

coupons as (

    select
        campaign_id,
        count(distinct coupon_upc) as coupon_count
    from {{ ref('stg_pos__coupons') }}
    group by campaign_id

),

described as (

    select
        campaigns.campaign_id,
        campaigns.campaign_type,
        campaigns.starts_on,
        campaigns.ends_on,
        cast(campaigns.ends_on - campaigns.starts_on + 1 as bigint) as duration_days,
        coalesce(targets.household_count, 0) as household_count,
        coalesce(coupons.coupon_count, 0) as coupon_count
    from campaigns
    left join targets on campaigns.campaign_id = targets.campaign_id
    left join coupons on campaigns.campaign_id = coupons.campaign_id

)

select * from described
