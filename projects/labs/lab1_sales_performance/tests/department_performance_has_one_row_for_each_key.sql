select
    week,
    department,
    count(*) as row_count
from {{ ref('department_performance') }}
group by week, department
having count(*) > 1
