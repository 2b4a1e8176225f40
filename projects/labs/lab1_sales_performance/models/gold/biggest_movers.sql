with compared as (

    select * from {{ ref('period_comparison') }}
    where
        scope in ('department', 'product category', 'store')
        and sales_change <> 0

),

ranked as (

    select
        *,
        case when sales_change > 0 then 'up' else 'down' end as direction,
        row_number() over (
            partition by scope, period, sales_change > 0
            order by abs(sales_change) desc, entity asc
        ) as mover_rank
    from compared

),

-- What each driver is called when it raised and when it lowered sales.
wordings as (

    {% for driver, raising, lowering in [
        ('basket', 'more baskets', 'fewer baskets'),
        ('basket_size', 'more units per basket', 'fewer units per basket'),
        ('price', 'a higher shelf price per unit', 'a lower shelf price per unit'),
        ('discount', 'smaller discounts', 'deeper discounts'),
        ('range', 'nothing sold before', 'nothing sold now'),
    ] %}
        {% if not loop.first %}union all{% endif %}
        select
            '{{ driver }}' as driver,
            '{{ raising }}' as raising,
            '{{ lowering }}' as lowering
    {% endfor %}

),

worded as (

    select
        ranked.*,
        case when ranked.direction = 'up' then wordings.raising else wordings.lowering end as reason,
        case ranked.main_driver
            when 'basket' then ranked.basket_effect
            when 'basket_size' then ranked.basket_size_effect
            when 'price' then ranked.price_effect
            when 'discount' then ranked.discount_effect
            else ranked.range_effect
        end as reason_effect,
        ranked.promotion_share - ranked.baseline_promotion_share as promotion_share_change
    from ranked
    inner join wordings on ranked.main_driver = wordings.driver
    where ranked.mover_rank <= 10

),

explained as (

    select
        scope,
        period,
        direction,
        mover_rank,
        entity,
        sales,
        baseline_sales,
        sales_change,
        sales_change_rate,
        basket_effect,
        basket_size_effect,
        price_effect,
        discount_effect,
        range_effect,
        main_driver,
        promotion_share,
        baseline_promotion_share,
        promotion_share_change,
        printf(
            '%s sold %,.2f %s than in the %s before%s. Main driver: %s (%+,.2f). '
            || 'Share sold on promotion: %s before, %s now.',
            case scope when 'store' then 'Store ' || entity else entity end,
            cast(abs(sales_change) as double),
            if(direction = 'up', 'more', 'less'),
            if(weeks = 1, 'week', weeks || ' weeks'),
            coalesce(printf(' (%+.1f %%)', cast(100 * sales_change_rate as double)), ''),
            reason,
            cast(reason_effect as double),
            coalesce(printf('%.1f %%', cast(100 * baseline_promotion_share as double)), 'none'),
            coalesce(printf('%.1f %%', cast(100 * promotion_share as double)), 'none')
        ) as explanation
    from worded

)

select * from explained
