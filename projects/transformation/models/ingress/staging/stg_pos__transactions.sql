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
        {{ amount('sales_value') }} as sales_value,
        {{ amount('retail_disc') }} as retail_discount,
        {{ amount('coupon_disc') }} as coupon_discount,
        {{ amount('coupon_match_disc') }} as coupon_match_discount,
        week,
        transaction_timestamp as transaction_at,
        _dlt_load_id as load_id
    from source

)

select * from renamed
