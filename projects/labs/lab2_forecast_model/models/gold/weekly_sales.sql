select
    department,
    week_start,
    sales,
    round(promotion_share, 4) as promotion_share
from {{ ref('slv_weekly_sales') }}
