-- Rounding takes off the noise of binary numbers in the source's cents (1.776357e-15); the sum stays the same.
select
    basket_id,
    product_id,
    transaction_timestamp,
    week,
    sales_value::decimal(10, 2) as sales_value,
    retail_disc::decimal(10, 2) as retail_disc
from read_parquet(getvariable('demo') || '/transactions.parquet')
