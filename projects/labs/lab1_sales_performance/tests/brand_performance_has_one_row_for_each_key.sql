select
    week,
    brand,
    count(*) as row_count
from {{ ref('brand_performance') }}
group by week, brand
having count(*) > 1
