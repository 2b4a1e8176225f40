-- Each department that is forecast has each model once, ranked 1, 2, 3 and so on, and one winner.
select department
from {{ ref('model_ranking') }}
group by department
having
    count(distinct model) <> count(*)
    or count(distinct model_rank) <> count(*)
    or min(model_rank) <> 1
    or max(model_rank) <> count(*)
    or count(*) filter (where is_winner) <> 1
