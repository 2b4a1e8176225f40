-- Every line of the fact is in the weekly report, with its money.
with core_totals as (

    select
        count(*) as transactions,
        sum(sales_value) as sales_value
    from {{ ref('fct_sales') }}

),

report_totals as (

    select
        sum(transactions) as transactions,
        sum(sales_value) as sales_value
    from {{ ref('rpt_weekly_sales') }}

)

select
    core_totals.transactions,
    report_totals.transactions as report_transactions,
    core_totals.sales_value,
    report_totals.sales_value as report_sales_value
from core_totals
cross join report_totals
where
    core_totals.transactions is distinct from report_totals.transactions
    or core_totals.sales_value is distinct from report_totals.sales_value
