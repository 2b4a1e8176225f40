-- Of twenty million rows those that the lab can use: the promotion in a week in which the store sold the product (what
-- was sold on promotion), and all promotions where it sold in three weeks or more (what a promotion adds).
with sold as (

    select
        product_id,
        store_id,
        list(distinct week) as sold_weeks
    from read_parquet(getvariable('demo') || '/transactions.parquet')
    group by product_id, store_id

)

select
    promotions.product_id,
    promotions.store_id,
    promotions.week,
    promotions.display_location,
    promotions.mailer_location
from read_parquet(getvariable('demo') || '/promotions.parquet') as promotions
inner join sold
    on
        promotions.product_id = sold.product_id
        and promotions.store_id = sold.store_id
where len(sold.sold_weeks) >= 3 or list_contains(sold.sold_weeks, promotions.week)
order by
    promotions.week, promotions.store_id, promotions.product_id,
    promotions.display_location, promotions.mailer_location
