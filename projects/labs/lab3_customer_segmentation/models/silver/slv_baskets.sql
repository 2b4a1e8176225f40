with lines as (

    select * from {{ ref('brz_transactions') }}

),

-- A product may stand in several places of a store at once.
promoted as (

    select distinct
        product_id,
        store_id,
        week
    from {{ ref('brz_promotions') }}
    where display_location <> '0' or mailer_location <> '0'

),

baskets as (

    select
        lines.basket_id,
        lines.household_id,
        -- The retailer's days end at midnight on the United States' east coast.
        cast(timezone('America/New_York', timezone('UTC', min(lines.sold_at))) as date) as sale_date,
        cast(sum(lines.sales_value) as decimal(18, 2)) as sales,
        cast(
            coalesce(sum(lines.sales_value) filter (where promoted.product_id is not null), 0) as decimal(18, 2)
        ) as promotion_sales
    from lines
    left join promoted
        on
            lines.product_id = promoted.product_id
            and lines.store_id = promoted.store_id
            and lines.week = promoted.week
    group by lines.basket_id, lines.household_id

)

select * from baskets
