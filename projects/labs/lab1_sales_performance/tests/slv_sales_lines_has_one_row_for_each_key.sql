select
    basket_id,
    product_id,
    count(*) as row_count
from {{ ref('slv_sales_lines') }}
group by basket_id, product_id
having count(*) > 1
