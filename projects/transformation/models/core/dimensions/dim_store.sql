with baskets as (

    select * from {{ ref('enr_baskets') }}

),

-- The source has no list of stores: a store is known by what it sold.
stores as (

    select
        store_id,
        min(cast(transaction_at as date)) as first_sale_date,
        max(cast(transaction_at as date)) as last_sale_date,
        count(distinct week) as weeks_with_sales
    from baskets
    group by store_id

)

select * from stores
