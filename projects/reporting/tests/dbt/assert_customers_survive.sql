-- Every customer and every cent of lifetime sales is in one segment.

with customers as (

    select
        count(*) as customers,
        coalesce(sum(lifetime_sales), 0) as lifetime_sales
    from {{ source('egress', 'customer_360') }}

),

segments as (

    select
        coalesce(sum(customers), 0) as customers,
        coalesce(sum(lifetime_sales), 0) as lifetime_sales
    from {{ ref('rpt_customer_segments') }}

)

select segments.*
from segments
cross join customers
where segments.customers <> customers.customers or segments.lifetime_sales <> customers.lifetime_sales
