with baskets as (

    select * from {{ ref('slv_baskets') }}

),

newest as (

    select max(sale_date) as last_day
    from baskets

),

households as (

    select
        baskets.household_id,
        max(baskets.sale_date) as last_purchase_date,
        newest.last_day - max(baskets.sale_date) as recency_days,
        count(*) as baskets,
        sum(baskets.sales) as sales,
        sum(baskets.promotion_sales) as promotion_sales
    from baskets
    cross join newest
    group by baskets.household_id, newest.last_day

),

measured as (

    select
        household_id,
        last_purchase_date,
        cast(recency_days as bigint) as recency_days,
        baskets,
        cast(sales as decimal(18, 2)) as sales,
        cast(promotion_sales as decimal(18, 2)) as promotion_sales,
        cast(coalesce(promotion_sales / nullif(sales, 0), 0) as decimal(18, 6)) as promotion_share
    from households

)

select * from measured
