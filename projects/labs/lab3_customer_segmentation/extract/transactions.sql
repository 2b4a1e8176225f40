-- Every line of sale, with what says who bought when, for how much, and whether on promotion.
select
    household_id,
    store_id,
    basket_id,
    product_id,
    cast(sales_value as decimal(10, 2)) as sales_value,
    week,
    transaction_timestamp
from read_parquet(getvariable('demo') || '/transactions.parquet')
order by transaction_timestamp, basket_id, product_id
