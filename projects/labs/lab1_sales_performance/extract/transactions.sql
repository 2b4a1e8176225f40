-- Every line of sale. Left out: who bought (the question is about products and stores) and the manufacturers' coupons,
-- which change what the customer pays, not what the store receives.
select
    store_id,
    basket_id,
    product_id,
    quantity,
    cast(sales_value as decimal(10, 2)) as sales_value,
    cast(retail_disc as decimal(10, 2)) as retail_disc,
    cast(coupon_match_disc as decimal(10, 2)) as coupon_match_disc,
    week,
    transaction_timestamp
from read_parquet(getvariable('demo') || '/transactions.parquet')
order by transaction_timestamp, basket_id, product_id
