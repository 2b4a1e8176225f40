select
    product_id,
    store_id,
    week,
    count(*) as row_count
from {{ ref('slv_promotions') }}
group by product_id, store_id, week
having count(*) > 1
