select
    scope,
    entity,
    count(*) as row_count
from {{ ref('promotion_lift') }}
group by scope, entity
having count(*) > 1
