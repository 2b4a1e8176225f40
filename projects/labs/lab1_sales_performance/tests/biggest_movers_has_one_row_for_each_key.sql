select
    scope,
    period,
    direction,
    mover_rank,
    count(*) as row_count
from {{ ref('biggest_movers') }}
group by scope, period, direction, mover_rank
having count(*) > 1
