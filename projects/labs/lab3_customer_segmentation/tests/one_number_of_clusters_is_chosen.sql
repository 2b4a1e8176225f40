-- And the segments are as many.
select
    count(*) filter (where is_chosen) as chosen,
    any_value(clusters) filter (where is_chosen) as clusters
from {{ ref('cluster_choice') }}
having
    count(*) filter (where is_chosen) <> 1
    or any_value(clusters) filter (where is_chosen) <> (select count(*) from {{ ref('segments') }})
