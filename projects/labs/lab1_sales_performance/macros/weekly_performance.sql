{# What the entities of a scope sold by week. The column says what an entity is: `entity as brand`. #}
{% macro weekly_performance(scope, column) -%}
with weekly as (

    select * from {{ ref('slv_weekly_sales') }}
    where scope = '{{ scope }}'

),

entities as (

    select
        week,
        first_day,
        last_day,
        trading_days,
        is_complete,
        {{ column }},
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

select * from entities
{%- endmacro %}
