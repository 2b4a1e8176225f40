with promotion_weeks as (

    select * from {{ ref('slv_promotion_weeks') }}

),

by_product as (

    {% for scope, entity in [
        ('total', "'all'"),
        ('promotion', 'promotion_kind'),
        ('department', 'department'),
        ('brand', 'brand'),
        ('store', 'cast(store_id as varchar)'),
        ('week', 'cast(week as varchar)'),
    ] %}
        {% if not loop.first %}union all{% endif %}
        select
            '{{ scope }}' as scope,
            {{ entity }} as entity,
            product_id,
            count(distinct store_id) as product_stores,
            count(*) as store_weeks,
            sum(units) as units,
            cast(sum(expected_units) as double) as expected_units
        from promotion_weeks
        group by all
    {% endfor %}

),

summed as (

    select
        scope,
        entity,
        count(*) as products,
        sum(product_stores) as product_stores,
        sum(store_weeks) as store_weeks,
        sum(units) as units,
        sum(expected_units) as expected_units
    from by_product
    group by scope, entity

),

-- The lift is a ratio of two sums; its standard error is that of a ratio estimator with products as clusters, since a
-- product is promoted in many stores at once.
deviations as (

    select
        by_product.scope,
        by_product.entity,
        sqrt(sum(pow(by_product.units - summed.units / summed.expected_units * by_product.expected_units, 2)))
        * sqrt(any_value(summed.products) / (any_value(summed.products) - 1.0))
        / any_value(summed.expected_units) as standard_error
    from by_product
    inner join summed
        on
            by_product.scope = summed.scope
            and by_product.entity = summed.entity
    where summed.products >= 2 and summed.expected_units > 0
    group by by_product.scope, by_product.entity

),

lifts as (

    select
        summed.scope,
        summed.entity,
        cast(summed.products as bigint) as products,
        cast(summed.product_stores as bigint) as product_stores,
        cast(summed.store_weeks as bigint) as store_weeks,
        cast(summed.units as bigint) as units,
        cast(summed.expected_units as decimal(18, 2)) as expected_units,
        cast(summed.units / summed.store_weeks as decimal(18, 4)) as units_per_store_week,
        cast(summed.expected_units / summed.store_weeks as decimal(18, 4)) as expected_units_per_store_week,
        cast(summed.units / nullif(summed.expected_units, 0) - 1 as decimal(18, 4)) as lift,
        cast(
            summed.units / summed.expected_units - 1 - 1.96 * deviations.standard_error as decimal(18, 4)
        ) as lift_low,
        cast(
            summed.units / summed.expected_units - 1 + 1.96 * deviations.standard_error as decimal(18, 4)
        ) as lift_high
    from summed
    left join deviations
        on
            summed.scope = deviations.scope
            and summed.entity = deviations.entity

)

select * from lifts
