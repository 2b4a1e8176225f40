select
    segment,
    attribute,
    sum(share_of_segment) as share_sum
from {{ ref('segment_profile') }}
group by segment, attribute
having abs(sum(share_of_segment) - 1) > 0.005
