with source as (

    select * from {{ source('raw', 'transactions') }}

),

renamed as (

    select
        store_id,
        basket_id,
        product_id,
        quantity,
        sales_value,
        retail_disc as retail_discount,
        coupon_match_disc as coupon_match_discount,
        week,
        transaction_timestamp as sold_at
    from source

)

select * from renamed
