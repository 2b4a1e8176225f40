select
    basket_id,
    product_id,
    transaction_timestamp as sold_at,
    week as source_week,
    sales_value as sales,
    retail_disc as card_discount
from {{ source('raw', 'transactions') }}
