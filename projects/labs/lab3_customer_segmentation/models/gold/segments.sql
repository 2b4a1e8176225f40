with households as (

    select
        segments.segment,
        households.*
    from {{ ref('slv_households') }} as households
    inner join {{ ref('household_segments') }} as segments on households.household_id = segments.household_id

),

summed as (

    select
        segment,
        count(*) as households,
        cast(sum(sales) as decimal(18, 2)) as sales,
        cast(median(recency_days) as decimal(18, 1)) as typical_recency_days,
        cast(median(baskets) as decimal(18, 1)) as typical_baskets,
        cast(median(sales) as decimal(18, 2)) as typical_sales,
        cast(coalesce(sum(promotion_sales) / nullif(sum(sales), 0), 0) as decimal(18, 4)) as promotion_share
    from households
    group by segment

),

described as (

    select
        summed.segment,
        summed.households,
        cast(summed.households / sum(summed.households) over () as decimal(18, 4)) as household_share,
        summed.sales,
        cast(summed.sales / sum(summed.sales) over () as decimal(18, 4)) as sales_share,
        summed.typical_recency_days,
        summed.typical_baskets,
        summed.typical_sales,
        summed.promotion_share,
        named.monetary_score,
        named.frequency_score,
        named.recency_score,
        named.promotion_score
    from summed
    inner join {{ ref('slv_segments') }} as named on summed.segment = named.segment

)

select * from described
