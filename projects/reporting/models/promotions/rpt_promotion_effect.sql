with sales as (

    select * from {{ source('core', 'fct_sales') }}

),

products as (

    select
        product_key,
        department
    from {{ source('core', 'dim_product') }}

),

weeks as (

    select
        week,
        first_day as week_start,
        department
    from {{ source('egress', 'rpt_weekly_sales') }}

),

lines as (

    select
        sales.week,
        products.department,
        case
            when sales.coupon_discount + sales.coupon_match_discount > 0 then 'coupon'
            when sales.retail_discount > 0 then 'loyalty price'
            else 'no promotion'
        end as promotion,
        sales.units,
        sales.sales_value,
        sales.list_value,
        sales.discount_value
    from sales
    inner join products on sales.product_key = products.product_key

),

effects as (

    select
        lines.week,
        weeks.week_start,
        lines.department,
        lines.promotion,
        count(*) as transactions,
        cast(sum(lines.units) as bigint) as units,
        cast(sum(lines.sales_value) as decimal(18, 2)) as sales_value,
        cast(sum(lines.list_value) as decimal(18, 2)) as list_value,
        cast(sum(lines.discount_value) as decimal(18, 2)) as discount_value
    from lines
    inner join weeks on lines.week = weeks.week and lines.department = weeks.department
    group by lines.week, weeks.week_start, lines.department, lines.promotion

)

select * from effects
