-- The promotions under which something was sold: of the product, in the store, in the week.
select
    product_id,
    store_id,
    week,
    display_location,
    mailer_location
from read_parquet(getvariable('demo') || '/promotions.parquet') as promotions
where
    exists (
        select 1
        from read_parquet(getvariable('demo') || '/transactions.parquet') as transactions
        where
            transactions.product_id = promotions.product_id
            and transactions.store_id = promotions.store_id
            and transactions.week = promotions.week
    )
order by week, store_id, product_id, display_location, mailer_location
