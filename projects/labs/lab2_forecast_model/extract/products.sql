select
    product_id,
    department
from read_parquet(getvariable('demo') || '/products.parquet')
