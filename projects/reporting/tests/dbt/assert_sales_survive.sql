-- Every line and every cent of core's sales is in each report of sales, once.

with core as (

    select
        count(*) as transactions,
        sum(sales_value) as sales_value
    from {{ source('core', 'fct_sales') }}

),

reports as (

    select
        'rpt_sales_weekly' as report,
        sum(transactions) as transactions,
        sum(sales_value) as sales_value
    from {{ ref('rpt_sales_weekly') }}
    union all
    select
        'rpt_promotion_effect' as report,
        sum(transactions) as transactions,
        sum(sales_value) as sales_value
    from {{ ref('rpt_promotion_effect') }}
    union all
    select
        'rpt_baskets_weekly' as report,
        null as transactions,
        sum(sales_value) as sales_value
    from {{ ref('rpt_baskets_weekly') }}

)

select reports.*
from reports
cross join core
where
    coalesce(reports.sales_value, 0) <> coalesce(core.sales_value, 0)
    or (reports.report <> 'rpt_baskets_weekly' and coalesce(reports.transactions, 0) <> core.transactions)
