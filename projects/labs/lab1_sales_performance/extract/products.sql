-- The products that were sold.
select
    product_id,
    department,
    brand,
    product_category,
    product_type
from read_parquet(getvariable('demo') || '/products.parquet') as products
where
    exists (
        select 1
        from read_parquet(getvariable('demo') || '/transactions.parquet') as transactions
        where transactions.product_id = products.product_id
    )
order by product_id
