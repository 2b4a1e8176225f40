select
    week,
    sum(sales_share) as sales_share
from {{ ref('department_performance') }}
group by week
having abs(sum(sales_share) - 1) > 0.005
