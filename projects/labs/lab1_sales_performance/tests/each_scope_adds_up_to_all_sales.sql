-- Nothing is lost or counted twice between raw lines and the answers.
with expected as (

    select sum(sales_value) as sales
    from {{ ref('brz_transactions') }}

),

answers as (

    select
        'weekly_sales' as answer,
        sum(sales) as sales
    from {{ ref('weekly_sales') }}
    union all
    select
        'department_performance' as answer,
        sum(sales) as sales
    from {{ ref('department_performance') }}
    union all
    select
        'store_performance' as answer,
        sum(sales) as sales
    from {{ ref('store_performance') }}
    union all
    select
        'brand_performance' as answer,
        sum(sales) as sales
    from {{ ref('brand_performance') }}

)

select
    answers.answer,
    answers.sales,
    expected.sales as expected_sales
from answers
cross join expected
where answers.sales is distinct from expected.sales
