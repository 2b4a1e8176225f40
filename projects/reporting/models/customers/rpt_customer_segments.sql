with customers as (

    select * from {{ source('egress', 'customer_360') }}

),

-- Bands are numbered to sort by what they mean. Without names, addresses and ids a segment tells of nobody.
banded as (

    select
        case
            when baskets = 0 then '0: no purchases'
            when lifetime_sales < 500 then '1: below 500'
            when lifetime_sales < 1500 then '2: from 500 to 1,500'
            when lifetime_sales < 3000 then '3: from 1,500 to 3,000'
            else '4: 3,000 and more'
        end as value_band,
        case
            when days_since_last_purchase is null then '0: never'
            when days_since_last_purchase <= 7 then '1: within a week'
            when days_since_last_purchase <= 30 then '2: within 30 days'
            when days_since_last_purchase <= 90 then '3: within 90 days'
            else '4: longer ago'
        end as recency_band,
        case
            when coupons_redeemed > 0 then 'redeems coupons'
            when campaigns_targeted > 0 then 'targeted only'
            else 'not targeted'
        end as campaign_response,
        coalesce(favourite_department, 'none') as favourite_department,
        coalesce(age_band, 'unknown') as age_band,
        coalesce(income_band, 'unknown') as income_band,
        lifetime_sales,
        baskets,
        units,
        campaigns_targeted,
        coupons_redeemed
    from customers

),

segments as (

    select
        value_band,
        recency_band,
        campaign_response,
        favourite_department,
        age_band,
        income_band,
        count(*) as customers,
        cast(sum(lifetime_sales) as decimal(18, 2)) as lifetime_sales,
        cast(sum(baskets) as bigint) as baskets,
        cast(sum(units) as bigint) as units,
        cast(sum(campaigns_targeted) as bigint) as campaigns_targeted,
        cast(sum(coupons_redeemed) as bigint) as coupons_redeemed
    from banded
    group by value_band, recency_band, campaign_response, favourite_department, age_band, income_band

)

select * from segments
