select
    segment,
    attribute,
    attribute_value,
    count(*) as row_count
from {{ ref('segment_profile') }}
group by segment, attribute, attribute_value
having count(*) > 1
