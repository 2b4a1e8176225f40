with lines as (

    select * from {{ ref('brz_transactions') }}

),

products as (

    select * from {{ ref('brz_products') }}

),

promotions as (

    select * from {{ ref('slv_promotions') }}

),

described as (

    select
        lines.store_id,
        lines.basket_id,
        lines.product_id,
        lines.week,
        lines.sales_value as sales,
        promotions.promotion_kind,
        -- The retailer's days and weeks end at midnight on the United States' east coast.
        cast(timezone('America/New_York', timezone('UTC', lines.sold_at)) as date) as sale_date,
        coalesce(products.department, 'UNKNOWN') as department,
        coalesce(products.product_category, 'UNKNOWN') as product_category,
        coalesce(products.brand, 'Unknown') as brand,
        -- Fuel's quantity is thousandths of a gallon, but not always: a filling counts as one unit.
        case
            when products.product_type like 'GASOLINE%' then least(lines.quantity, 1)
            else lines.quantity
        end as units,
        -- At shelf prices. A manufacturer's coupon does not lower what the store receives, so it is no discount here.
        lines.sales_value
        + coalesce(lines.retail_discount, 0)
        + coalesce(lines.coupon_match_discount, 0) as shelf_value
    from lines
    left join products on lines.product_id = products.product_id
    left join promotions
        on
            lines.product_id = promotions.product_id
            and lines.store_id = promotions.store_id
            and lines.week = promotions.week

),

valued as (

    select
        *,
        case when promotion_kind is null then 0 else sales end as promotion_sales
    from described

)

select * from valued
