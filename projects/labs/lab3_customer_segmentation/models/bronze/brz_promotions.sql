with source as (

    select * from {{ source('raw', 'promotions') }}

),

renamed as (

    select
        product_id,
        store_id,
        week,
        display_location,
        mailer_location
    from source

)

select * from renamed
