with lines as (

    select * from {{ ref('slv_sales_lines') }}

),

weeks as (

    select * from {{ ref('slv_weeks') }}
    where is_complete

),

promotions as (

    select * from {{ ref('slv_promotions') }}

),

-- The weeks in which it is known what a store promoted; numbered, so that they can be counted by subtraction.
store_weeks as (

    select
        promotions.store_id,
        promotions.week,
        row_number() over (partition by promotions.store_id order by promotions.week) as store_week_number
    from promotions
    inner join weeks on promotions.week = weeks.week
    group by promotions.store_id, promotions.week

),

sold as (

    select
        lines.product_id,
        lines.store_id,
        lines.week,
        store_weeks.store_week_number,
        sum(lines.units) as units
    from lines
    inner join store_weeks
        on
            lines.store_id = store_weeks.store_id
            and lines.week = store_weeks.week
    group by lines.product_id, lines.store_id, lines.week, store_weeks.store_week_number
    having sum(lines.units) > 0

),

-- Between its first and its last sale a product was on the store's shelves. These two weeks themselves do not count:
-- they were chosen because something sold, which would favour the side that they happen to be on.
shelf_lives as (

    select
        product_id,
        store_id,
        min(week) as first_week,
        max(week) as last_week,
        max(store_week_number) - min(store_week_number) - 1 as weeks_between
    from sold
    group by product_id, store_id
    having count(*) >= 3

),

promoted as (

    select
        promotions.product_id,
        promotions.store_id,
        promotions.week,
        promotions.promotion_kind,
        coalesce(sold.units, 0) as units
    from promotions
    inner join weeks on promotions.week = weeks.week
    inner join shelf_lives
        on
            promotions.product_id = shelf_lives.product_id
            and promotions.store_id = shelf_lives.store_id
            and promotions.week > shelf_lives.first_week
            and promotions.week < shelf_lives.last_week
    left join sold
        on
            promotions.product_id = sold.product_id
            and promotions.store_id = sold.store_id
            and promotions.week = sold.week

),

promoted_totals as (

    select
        product_id,
        store_id,
        count(*) as promotion_weeks,
        sum(units) as promotion_units
    from promoted
    group by product_id, store_id

),

sold_between as (

    select
        sold.product_id,
        sold.store_id,
        sum(sold.units) as units
    from sold
    inner join shelf_lives
        on
            sold.product_id = shelf_lives.product_id
            and sold.store_id = shelf_lives.store_id
            and sold.week > shelf_lives.first_week
            and sold.week < shelf_lives.last_week
    group by sold.product_id, sold.store_id

),

-- What a product sells in a store in a week without promotion.
base_rates as (

    select
        shelf_lives.product_id,
        shelf_lives.store_id,
        cast(
            (sold_between.units - promoted_totals.promotion_units)
            / nullif(shelf_lives.weeks_between - promoted_totals.promotion_weeks, 0) as decimal(18, 6)
        ) as base_units
    from shelf_lives
    inner join promoted_totals
        on
            shelf_lives.product_id = promoted_totals.product_id
            and shelf_lives.store_id = promoted_totals.store_id
    inner join sold_between
        on
            shelf_lives.product_id = sold_between.product_id
            and shelf_lives.store_id = sold_between.store_id
    where
        promoted_totals.promotion_weeks >= {{ var('minimum_weeks') }}
        and shelf_lives.weeks_between - promoted_totals.promotion_weeks >= {{ var('minimum_weeks') }}

),

described as (

    select
        promoted.product_id,
        promoted.store_id,
        promoted.week,
        promoted.promotion_kind,
        cast(promoted.units as bigint) as units,
        base_rates.base_units as expected_units,
        coalesce(products.department, 'UNKNOWN') as department,
        coalesce(products.brand, 'Unknown') as brand
    from promoted
    inner join base_rates
        on
            promoted.product_id = base_rates.product_id
            and promoted.store_id = base_rates.store_id
    left join {{ ref('brz_products') }} as products on promoted.product_id = products.product_id

)

select * from described
