select
    scope,
    entity,
    period,
    count(*) as row_count
from {{ ref('period_comparison') }}
group by scope, entity, period
having count(*) > 1
