with weekly as (

    select * from {{ ref('slv_weekly_sales') }}

),

periods as (

    select * from {{ ref('slv_periods') }}

),

spans as (

    select
        periods.period,
        count(*) filter (where periods.is_current) as weeks,
        min(weeks.first_sale_day) filter (where periods.is_current) as first_day,
        max(weeks.last_sale_day) filter (where periods.is_current) as last_day,
        min(weeks.first_sale_day) filter (where not periods.is_current) as baseline_first_day,
        max(weeks.last_sale_day) filter (where not periods.is_current) as baseline_last_day,
        sum(weeks.trading_days) filter (where periods.is_current) as trading_days
    from periods
    inner join {{ ref('slv_weeks') }} as weeks on periods.week = weeks.week
    group by periods.period

),

summed as (

    select
        weekly.scope,
        weekly.entity,
        periods.period,
        coalesce(sum(weekly.sales) filter (where periods.is_current), 0) as sales,
        coalesce(sum(weekly.baskets) filter (where periods.is_current), 0) as baskets,
        coalesce(sum(weekly.units) filter (where periods.is_current), 0) as units,
        coalesce(sum(weekly.shelf_value) filter (where periods.is_current), 0) as shelf_value,
        coalesce(sum(weekly.promotion_sales) filter (where periods.is_current), 0) as promotion_sales,
        coalesce(sum(weekly.sales) filter (where not periods.is_current), 0) as baseline_sales,
        coalesce(sum(weekly.baskets) filter (where not periods.is_current), 0) as baseline_baskets,
        coalesce(sum(weekly.units) filter (where not periods.is_current), 0) as baseline_units,
        coalesce(sum(weekly.shelf_value) filter (where not periods.is_current), 0) as baseline_shelf_value,
        coalesce(sum(weekly.promotion_sales) filter (where not periods.is_current), 0) as baseline_promotion_sales
    from weekly
    inner join periods on weekly.week = periods.week
    group by weekly.scope, weekly.entity, periods.period

),

changed as (

    select
        *,
        sales - baseline_sales as sales_change,
        least(baskets, units, shelf_value, sales) > 0
        and least(baseline_baskets, baseline_units, baseline_shelf_value, baseline_sales) > 0 as is_in_both
    from summed
    where period <> 'year to date'

),

-- sales = baskets x units per basket x shelf price per unit x (1 - discount depth). Each factor's effect on sales is
-- the logarithmic mean of the two sales times the logarithm of the factor's ratio: together they are the change.
weighted as (

    select
        *,
        case
            when sales = baseline_sales then cast(sales as double)
            else cast(sales - baseline_sales as double) / ln(cast(sales as double) / cast(baseline_sales as double))
        end as log_mean
    from changed
    where is_in_both

),

effects as (

    select
        scope,
        entity,
        period,
        cast(log_mean * ln(baskets / baseline_baskets) as decimal(18, 2)) as basket_effect,
        cast(
            log_mean * ln((units / baskets) / (baseline_units / baseline_baskets)) as decimal(18, 2)
        ) as basket_size_effect,
        cast(
            log_mean * ln((sales / shelf_value) / (baseline_sales / baseline_shelf_value)) as decimal(18, 2)
        ) as discount_effect
    from weighted

),

-- The cents lost by rounding are in the price's effect. What was sold in one of the two periods alone has no factors to
-- compare: all of its change is range.
explained as (

    select
        changed.*,
        coalesce(effects.basket_effect, 0) as basket_effect,
        coalesce(effects.basket_size_effect, 0) as basket_size_effect,
        case
            when changed.is_in_both
                then
                    changed.sales_change
                    - effects.basket_effect - effects.basket_size_effect - effects.discount_effect
            else 0
        end as price_effect,
        coalesce(effects.discount_effect, 0) as discount_effect,
        case when changed.is_in_both then 0 else changed.sales_change end as range_effect
    from changed
    left join effects
        on
            changed.scope = effects.scope
            and changed.entity = effects.entity
            and changed.period = effects.period

),

-- A driver works with the change where its effect has the change's sign.
drivers as (

    unpivot explained
    on basket_effect, basket_size_effect, price_effect, discount_effect, range_effect
    into name effect_name value effect

),

ranked as (

    select
        scope,
        entity,
        period,
        first(replace(effect_name, '_effect', '') order by effect * sign(sales_change) desc, effect_name) as main_driver
    from drivers
    where sales_change <> 0
    group by scope, entity, period

),

compared as (

    select
        summed.scope,
        summed.entity,
        summed.period,
        spans.weeks,
        spans.first_day,
        spans.last_day,
        spans.baseline_first_day,
        spans.baseline_last_day,
        cast(summed.sales as decimal(18, 2)) as sales,
        cast(summed.sales / spans.trading_days as decimal(18, 2)) as sales_per_day,
        cast(summed.baskets as bigint) as baskets,
        cast(summed.units as bigint) as units,
        cast((summed.shelf_value - summed.sales) / nullif(summed.shelf_value, 0) as decimal(18, 4)) as discount_depth,
        cast(summed.promotion_sales / nullif(summed.sales, 0) as decimal(18, 4)) as promotion_share,
        cast(explained.baseline_sales as decimal(18, 2)) as baseline_sales,
        cast(explained.baseline_baskets as bigint) as baseline_baskets,
        cast(explained.baseline_units as bigint) as baseline_units,
        cast(
            (explained.baseline_shelf_value - explained.baseline_sales)
            / nullif(explained.baseline_shelf_value, 0) as decimal(18, 4)
        ) as baseline_discount_depth,
        cast(
            explained.baseline_promotion_sales / nullif(explained.baseline_sales, 0) as decimal(18, 4)
        ) as baseline_promotion_share,
        cast(explained.sales_change as decimal(18, 2)) as sales_change,
        cast(explained.sales_change / nullif(explained.baseline_sales, 0) as decimal(18, 4)) as sales_change_rate,
        cast(explained.basket_effect as decimal(18, 2)) as basket_effect,
        cast(explained.basket_size_effect as decimal(18, 2)) as basket_size_effect,
        cast(explained.price_effect as decimal(18, 2)) as price_effect,
        cast(explained.discount_effect as decimal(18, 2)) as discount_effect,
        cast(explained.range_effect as decimal(18, 2)) as range_effect,
        ranked.main_driver
    from summed
    inner join spans on summed.period = spans.period
    left join explained
        on
            summed.scope = explained.scope
            and summed.entity = explained.entity
            and summed.period = explained.period
    left join ranked
        on
            summed.scope = ranked.scope
            and summed.entity = ranked.entity
            and summed.period = ranked.period

)

select * from compared
