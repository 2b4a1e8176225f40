-- Every coupon that a household handed in.
select
    household_id,
    coupon_upc,
    campaign_id,
    cast(redemption_date as date) as redemption_date
from read_parquet(getvariable('demo') || '/coupon_redemptions.parquet')
order by household_id, coupon_upc, campaign_id, redemption_date
