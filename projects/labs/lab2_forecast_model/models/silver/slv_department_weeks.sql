with transactions as (

    select
        product_id,
        sales,
        case when card_discount > 0 then sales else 0 end as promotion_sales,
        timezone('{{ var("time_zone") }}', timezone('UTC', sold_at))::date as sold_on
    from {{ ref('brz_transactions') }}

),

span as (

    select
        min(sold_on) as first_day,
        max(sold_on) as last_day
    from transactions

),

weeks as (

    select
        coalesce(products.department, '(no department)') as department,
        date_trunc('week', transactions.sold_on)::date as week_start,
        sum(transactions.sales)::decimal(12, 2) as sales,
        sum(transactions.promotion_sales)::decimal(12, 2) as promotion_sales
    from transactions
    left join {{ ref('brz_products') }} as products on transactions.product_id = products.product_id
    group by all

)

select
    weeks.department,
    weeks.week_start,
    weeks.week_start >= span.first_day and weeks.week_start + 6 <= span.last_day as is_complete,
    weeks.sales,
    weeks.promotion_sales
from weeks
cross join span
