select
    scope,
    entity,
    week,
    count(*) as row_count
from {{ ref('slv_weekly_sales') }}
group by scope, entity, week
having count(*) > 1
