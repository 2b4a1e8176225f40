with source as (

    select * from {{ source('raw', 'coupon_redemptions') }}

),

renamed as (

    select
        household_id,
        coupon_upc,
        campaign_id,
        redemption_date as redeemed_on
    from source

)

select * from renamed
