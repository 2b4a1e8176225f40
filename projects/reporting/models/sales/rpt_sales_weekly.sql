with weekly as (

    select * from {{ source('egress', 'rpt_weekly_sales') }}

),

described as (

    select
        week,
        first_day as week_start,
        department,
        transactions,
        baskets,
        units,
        sales_value,
        list_value,
        discount_value
    from weekly

)

select * from described
