select
    product_id,
    department
from {{ source('raw', 'products') }}
