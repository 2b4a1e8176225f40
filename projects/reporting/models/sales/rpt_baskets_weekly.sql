with sales as (

    select * from {{ source('core', 'fct_sales') }}

),

-- Baskets span departments and households buy every week: both can only be counted where they are not split further.
weekly as (

    select
        week,
        min(transaction_date) as week_start,
        count(distinct basket_id) as baskets,
        count(distinct household_id) as households,
        count(distinct store_id) as stores,
        cast(sum(sales_value) as decimal(18, 2)) as sales_value
    from sales
    group by week

)

select * from weekly
