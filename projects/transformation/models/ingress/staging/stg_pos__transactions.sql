with source as (

    select * from {{ source('raw', 'pos_transactions') }}

),

renamed as (

    select
        household_id,
        basket_id,
        product_id,
        store_id,
        quantity,
        cast(sales_value as decimal(18, 2)) as sales_value,
        cast(retail_disc as decimal(18, 2)) as retail_discount,
        cast(coupon_disc as decimal(18, 2)) as coupon_discount,
        cast(coupon_match_disc as decimal(18, 2)) as coupon_match_discount,
        week,
        transaction_timestamp as transaction_at,
        _dlt_load_id as load_id
    from source

)

select * from renamed
