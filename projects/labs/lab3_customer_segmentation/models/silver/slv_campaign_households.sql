with campaigns as (

    select * from {{ ref('slv_campaigns') }}

),

sent as (

    select distinct
        campaign_id,
        household_id
    from {{ ref('brz_campaigns') }}

),

redeemed as (

    select
        campaign_id,
        household_id,
        count(*) as coupons_redeemed
    from {{ ref('brz_coupon_redemptions') }}
    group by campaign_id, household_id

),

spent as (

    select
        campaigns.campaign_id,
        baskets.household_id,
        sum(baskets.sales) filter (where baskets.sale_date < campaigns.starts_on) as sales_before,
        sum(baskets.sales) filter (where baskets.sale_date >= campaigns.starts_on) as sales_during
    from campaigns
    inner join {{ ref('slv_baskets') }} as baskets
        on
            campaigns.before_from <= baskets.sale_date
            and campaigns.known_until >= baskets.sale_date
    group by campaigns.campaign_id, baskets.household_id

),

-- Every household with every campaign: those that were not sent it show what the time of year did.
paired as (

    select
        campaigns.campaign_id,
        campaigns.campaign_type,
        campaigns.is_comparable,
        campaigns.known_days,
        households.household_id,
        sent.household_id is not null as is_sent,
        coalesce(redeemed.coupons_redeemed, 0) as coupons_redeemed,
        cast(coalesce(spent.sales_before, 0) as decimal(18, 2)) as sales_before,
        cast(coalesce(spent.sales_during, 0) as decimal(18, 2)) as sales_during
    from campaigns
    cross join {{ ref('slv_households') }} as households
    left join sent
        on
            campaigns.campaign_id = sent.campaign_id
            and households.household_id = sent.household_id
    left join redeemed
        on
            campaigns.campaign_id = redeemed.campaign_id
            and households.household_id = redeemed.household_id
    left join spent
        on
            campaigns.campaign_id = spent.campaign_id
            and households.household_id = spent.household_id

),

measured as (

    select
        campaign_id,
        campaign_type,
        household_id,
        is_sent,
        is_comparable,
        coupons_redeemed,
        cast(sales_before / {{ var('days_before') }} as decimal(18, 6)) as daily_sales_before,
        cast(coalesce(sales_during / nullif(known_days, 0), 0) as decimal(18, 6)) as daily_sales_during
    from paired

)

select * from measured
