with source as (

    select * from {{ source('raw', 'pos_products') }}

),

renamed as (

    select
        product_id,
        manufacturer_id,
        department,
        brand,
        product_category,
        product_type,
        package_size,
        _dlt_load_id as load_id,
        {{ load_time('_dlt_load_id') }} as loaded_at
    from source

)

select * from renamed
