select
    segment,
    campaign_type,
    count(*) as row_count
from {{ ref('campaign_response') }}
group by segment, campaign_type
having count(*) > 1
