-- Every line of raw is in the fact, with its money.
with raw_totals as (

    select
        count(*) as transactions,
        sum(sales_value) as sales_value
    from {{ ref('stg_pos__transactions') }}

),

core_totals as (

    select
        count(*) as transactions,
        sum(sales_value) as sales_value
    from {{ ref('fct_sales') }}

)

select
    raw_totals.transactions,
    core_totals.transactions as core_transactions,
    raw_totals.sales_value,
    core_totals.sales_value as core_sales_value
from raw_totals
cross join core_totals
where
    raw_totals.transactions is distinct from core_totals.transactions
    or raw_totals.sales_value is distinct from core_totals.sales_value
