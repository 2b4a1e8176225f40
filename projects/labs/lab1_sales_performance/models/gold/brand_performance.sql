with weekly as (

    select * from {{ ref('slv_weekly_sales') }}
    where scope = 'brand'

),

brands as (

    select
        week,
        first_day,
        last_day,
        trading_days,
        is_complete,
        entity as brand,
        sales,
        sales_per_day,
        sales_share,
        change_to_week_before,
        baskets,
        units,
        units_per_basket,
        shelf_price,
        discount_depth,
        promotion_share
    from weekly

)

select * from brands
