-- To the cent: the effects are the change, and the price's, which takes the cents of rounding, is its own factor's.
with compared as (

    select * from {{ ref('period_comparison') }}
    where sales_change is not null

),

parted as (

    select
        *,
        basket_effect + basket_size_effect + price_effect + discount_effect + range_effect as effects,
        case
            when range_effect <> 0 or sales_change = 0 then 0
            else
                sales_change / ln(cast(sales as double) / cast(baseline_sales as double))
                * ln(
                    (sales / (1 - discount_depth) / units)
                    / (baseline_sales / (1 - baseline_discount_depth) / baseline_units)
                )
        end as expected_price_effect
    from compared

)

select * from parted
where
    effects <> sales_change
    or sales_change <> sales - baseline_sales
    -- The depths are rounded to four digits.
    or abs(price_effect - expected_price_effect) > 0.03 + 0.0005 * greatest(sales, baseline_sales)
