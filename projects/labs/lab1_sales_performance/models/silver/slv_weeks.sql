with lines as (

    select * from {{ ref('slv_sales_lines') }}

),

weeks as (

    select
        week,
        cast(min(date_trunc('week', sale_date)) as date) as first_day,
        min(sale_date) as first_sale_day,
        max(sale_date) as last_sale_day,
        count(distinct sale_date) as trading_days
    from lines
    group by week

),

-- A week that the data cut short, or on a day of which every store was closed, is compared with no other.
judged as (

    select
        week,
        first_day,
        first_day + 6 as last_day,
        first_sale_day,
        last_sale_day,
        trading_days,
        trading_days = 7 as is_complete
    from weeks

),

counted as (

    select
        *,
        case
            when is_complete then row_number() over (partition by is_complete order by week desc)
        end as complete_weeks_back
    from judged

)

select * from counted
