with products as (

    select * from {{ ref('stg_pos__products') }}

),

cleansed as (

    select
        product_id,
        manufacturer_id,
        {{ upper_case(clean_text('department')) }} as department,
        {{ empty_to_null('brand') }} as brand,
        {{ upper_case(clean_text('product_category')) }} as product_category,
        {{ upper_case(clean_text('product_type')) }} as product_type,
        {{ upper_case(clean_text('package_size')) }} as package_size,
        loaded_at
    from products

)

select * from cleansed
