with weekly as (

    select * from {{ ref('agg_weekly_sales') }}

),

weeks as (

    select
        week,
        min(transaction_date) as first_day,
        max(transaction_date) as last_day
    from {{ ref('fct_sales') }}
    group by week

),

-- A basket is bought in one store, so baskets may be added up over stores; over departments they may not.
by_department as (

    select
        week,
        department,
        count(*) as stores,
        cast(sum(transactions) as bigint) as transactions,
        cast(sum(baskets) as bigint) as baskets,
        cast(sum(units) as bigint) as units,
        cast(sum(sales_value) as decimal(18, 2)) as sales_value,
        cast(sum(list_value) as decimal(18, 2)) as list_value,
        cast(sum(discount_value) as decimal(18, 2)) as discount_value
    from weekly
    group by week, department

),

described as (

    select
        by_department.week,
        weeks.first_day,
        weeks.last_day,
        by_department.department,
        by_department.stores,
        by_department.transactions,
        by_department.baskets,
        by_department.units,
        by_department.sales_value,
        by_department.list_value,
        by_department.discount_value,
        {{ ratio('by_department.discount_value', 'by_department.list_value') }} as discount_share
    from by_department
    inner join weeks on by_department.week = weeks.week

)

select * from described
