with sales as (

    select * from {{ source('core', 'fct_sales') }}

),

-- Counted from baskets and not from lines, of which there are ten times as many.
baskets as (

    select
        week,
        basket_id,
        household_id,
        store_id,
        min(transaction_date) as first_day,
        sum(sales_value) as sales_value
    from sales
    group by week, basket_id, household_id, store_id

),

-- Baskets span departments and households buy every week: both can only be counted where they are not split further.
weekly as (

    select
        week,
        min(first_day) as week_start,
        count(distinct basket_id) as baskets,
        count(distinct household_id) as households,
        count(distinct store_id) as stores,
        cast(sum(sales_value) as decimal(18, 2)) as sales_value
    from baskets
    group by week

)

select * from weekly
