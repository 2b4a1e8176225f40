with lines as (

    select * from {{ ref('stg_pos__transactions') }}

),

-- Impossible values are flagged, never dropped: the totals of the source must survive.
cleansed as (

    select
        household_id,
        basket_id,
        product_id,
        store_id,
        quantity,
        sales_value,
        cast(coalesce(retail_discount, 0) as decimal(18, 2)) as retail_discount,
        cast(coalesce(coupon_discount, 0) as decimal(18, 2)) as coupon_discount,
        cast(coalesce(coupon_match_discount, 0) as decimal(18, 2)) as coupon_match_discount,
        week,
        transaction_at,
        load_id,
        quantity > 0 or (quantity = 0 and sales_value = 0) as is_valid_quantity,
        sales_value >= 0 as is_valid_sales_value
    from lines

)

select * from cleansed
