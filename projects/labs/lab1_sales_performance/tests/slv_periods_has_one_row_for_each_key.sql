select
    period,
    week,
    count(*) as row_count
from {{ ref('slv_periods') }}
group by period, week
having count(*) > 1
