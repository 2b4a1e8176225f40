-- What kind each campaign was and when it ran.
select
    campaign_id,
    campaign_type,
    cast(start_date as date) as start_date,
    cast(end_date as date) as end_date
from read_parquet(getvariable('demo') || '/campaign_descriptions.parquet')
order by campaign_id
