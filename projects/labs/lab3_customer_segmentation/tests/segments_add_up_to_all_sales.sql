-- Nothing is lost or counted twice between raw lines and the answers.
with raw_lines as (

    select
        sum(sales_value) as sales,
        count(distinct household_id) as households
    from {{ ref('brz_transactions') }}

),

answers as (

    select
        sum(sales) as sales,
        sum(households) as households
    from {{ ref('segments') }}

)

select
    answers.sales,
    answers.households,
    raw_lines.sales as expected_sales,
    raw_lines.households as expected_households
from answers
cross join raw_lines
where
    answers.sales is distinct from raw_lines.sales
    or answers.households is distinct from raw_lines.households
