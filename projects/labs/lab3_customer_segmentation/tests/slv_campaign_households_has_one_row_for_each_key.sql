select
    campaign_id,
    household_id,
    count(*) as row_count
from {{ ref('slv_campaign_households') }}
group by campaign_id, household_id
having count(*) > 1
