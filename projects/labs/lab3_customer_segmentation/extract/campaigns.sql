-- Which household was sent which campaign.
select
    campaign_id,
    household_id
from read_parquet(getvariable('demo') || '/campaigns.parquet')
order by campaign_id, household_id
