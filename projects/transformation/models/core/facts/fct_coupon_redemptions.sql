with redemptions as (

    select * from {{ ref('stg_pos__coupon_redemptions') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

coupons as (

    select
        coupon_upc,
        campaign_id,
        count(*) as product_count
    from {{ ref('stg_pos__coupons') }}
    group by coupon_upc, campaign_id

),

-- A redemption names no basket and no product: a coupon may be good for thousands of products.
described as (

    select
        redemptions.household_id,
        redemptions.coupon_upc,
        redemptions.campaign_id,
        redemptions.redeemed_on,
        coalesce(coupons.product_count, 0) as product_count,
        cast(redemptions.redeemed_on - campaigns.starts_on as bigint) as days_into_campaign,
        coalesce(
            redemptions.redeemed_on between campaigns.starts_on and campaigns.ends_on, false
        ) as is_within_campaign
    from redemptions
    left join campaigns on redemptions.campaign_id = campaigns.campaign_id
    left join coupons
        on
            redemptions.coupon_upc = coupons.coupon_upc
            and redemptions.campaign_id = coupons.campaign_id

)

select * from described
