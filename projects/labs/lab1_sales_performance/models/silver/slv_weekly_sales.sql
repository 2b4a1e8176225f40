with lines as (

    select * from {{ ref('slv_sales_lines') }}

),

weeks as (

    select * from {{ ref('slv_weeks') }}

),

-- A basket is bought in one store and week: baskets may be added up over stores and weeks, never over products.
summed as (

    {% for scope, entity in [
        ('total', "'all'"),
        ('department', 'department'),
        ('product category', "department || ' > ' || product_category"),
        ('store', 'cast(store_id as varchar)'),
        ('brand', 'brand'),
    ] %}
        {% if not loop.first %}union all{% endif %}
        select
            '{{ scope }}' as scope,
            {{ entity }} as entity,
            week,
            count(distinct basket_id) as baskets,
            cast(sum(units) as bigint) as units,
            cast(sum(sales) as decimal(18, 2)) as sales,
            cast(sum(shelf_value) as decimal(18, 2)) as shelf_value,
            cast(sum(promotion_sales) as decimal(18, 2)) as promotion_sales
        from lines
        group by all
    {% endfor %}

),

measured as (

    select
        summed.scope,
        summed.entity,
        summed.week,
        weeks.first_day,
        weeks.last_day,
        weeks.trading_days,
        weeks.is_complete,
        summed.sales,
        summed.units,
        summed.baskets,
        summed.shelf_value,
        summed.promotion_sales,
        cast(summed.sales / weeks.trading_days as decimal(18, 2)) as sales_per_day,
        cast(summed.units / nullif(summed.baskets, 0) as decimal(18, 4)) as units_per_basket,
        cast(summed.shelf_value / nullif(summed.units, 0) as decimal(18, 4)) as shelf_price,
        cast((summed.shelf_value - summed.sales) / nullif(summed.shelf_value, 0) as decimal(18, 4)) as discount_depth,
        cast(summed.promotion_sales / nullif(summed.sales, 0) as decimal(18, 4)) as promotion_share,
        -- Each scope's entities add up to all sales.
        cast(
            summed.sales / nullif(sum(summed.sales) over (partition by summed.scope, summed.week), 0)
            as decimal(18, 4)
        ) as sales_share
    from summed
    inner join weeks on summed.week = weeks.week

),

compared as (

    select
        measured.*,
        cast(measured.sales / nullif(previous.sales, 0) - 1 as decimal(18, 4)) as change_to_week_before
    from measured
    left join measured as previous
        on
            measured.scope = previous.scope
            and measured.entity = previous.entity
            and measured.first_day = previous.last_day + 1
            and measured.is_complete
            and previous.is_complete

)

select * from compared
