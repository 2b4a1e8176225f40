-- Every cent of the raw transactions is in the scope, every cent of complete weeks in the weekly sales.
with totals as (

    select
        (select coalesce(sum(sales), 0) from {{ ref('brz_transactions') }}) as raw_sales,
        (select coalesce(sum(sales), 0) from {{ ref('forecast_scope') }}) as scope_sales,
        (select coalesce(sum(sales_in_complete_weeks), 0) from {{ ref('forecast_scope') }}) as complete_sales,
        (select coalesce(sum(sales), 0) from {{ ref('weekly_sales') }}) as weekly_sales

)

select * from totals
where raw_sales <> scope_sales or complete_sales <> weekly_sales
