with source as (

    select * from {{ source('raw', 'products') }}

),

renamed as (

    select
        product_id,
        department,
        brand,
        product_category,
        product_type
    from source

)

select * from renamed
