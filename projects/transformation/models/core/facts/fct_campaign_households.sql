with campaigns as (

    select * from {{ ref('stg_pos__campaigns') }}

),

redemptions as (

    select
        campaign_id,
        household_id,
        count(*) as redemption_count
    from {{ ref('fct_coupon_redemptions') }}
    group by campaign_id, household_id

),

targeted as (

    select
        campaigns.campaign_id,
        campaigns.household_id,
        coalesce(redemptions.redemption_count, 0) as redemption_count
    from campaigns
    left join redemptions
        on
            campaigns.campaign_id = redemptions.campaign_id
            and campaigns.household_id = redemptions.household_id

)

select * from targeted
