select
    product_id,
    store_id,
    week,
    count(*) as row_count
from {{ ref('slv_promotion_weeks') }}
group by product_id, store_id, week
having count(*) > 1
