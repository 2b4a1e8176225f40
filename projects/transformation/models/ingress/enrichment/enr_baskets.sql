{{ config(materialized='table') }}

with lines as (

    select * from {{ ref('enr_transactions') }}

),

baskets as (

    select
        household_id,
        basket_id,
        min(store_id) as store_id,
        min(week) as week,
        min(transaction_at) as transaction_at,
        count(*) as line_count,
        cast(sum(sales_value) as decimal(18, 2)) as sales_value,
        cast(sum(list_value) as decimal(18, 2)) as list_value,
        cast(sum(paid_value) as decimal(18, 2)) as paid_value,
        cast(sum(discount_value) as decimal(18, 2)) as discount_value
    from lines
    group by household_id, basket_id

),

enriched as (

    select
        *,
        {{ ratio('discount_value', 'list_value') }} as discount_share
    from baskets

)

select * from enriched
