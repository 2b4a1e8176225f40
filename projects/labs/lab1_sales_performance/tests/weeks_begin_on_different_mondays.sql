-- The till's week and the calendar's are the same seven days; else no week could be called complete.
select
    week,
    count(distinct date_trunc('week', sale_date)) as monday_count
from {{ ref('slv_sales_lines') }}
group by week
having count(distinct date_trunc('week', sale_date)) <> 1
