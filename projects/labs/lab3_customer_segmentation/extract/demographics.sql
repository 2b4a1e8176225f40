-- What is known of some households.
select
    household_id,
    age,
    income,
    home_ownership,
    marital_status,
    household_size,
    household_comp,
    kids_count
from read_parquet(getvariable('demo') || '/demographics.parquet')
order by household_id
