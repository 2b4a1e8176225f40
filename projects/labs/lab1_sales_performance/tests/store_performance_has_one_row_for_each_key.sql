select
    week,
    store_id,
    count(*) as row_count
from {{ ref('store_performance') }}
group by week, store_id
having count(*) > 1
