with source as (

    select * from {{ source('raw', 'pos_coupons') }}

),

-- The source lists 4,872 of its 116,204 lines more than once; a coupon is good for a product or it is not.
renamed as (

    select distinct
        coupon_upc,
        product_id,
        campaign_id
    from source

)

select * from renamed
