with versions as (

    {{ versions(ref('product_history'), 'product_id') }}

),

products as (

    select
        {{ surrogate_key(['product_id', 'version']) }} as product_key,
        product_id,
        manufacturer_id,
        department,
        product_category,
        product_type,
        category_path,
        type_path,
        brand,
        package_size,
        is_fuel,
        version,
        valid_from,
        valid_to,
        is_current
    from versions

),

-- Tills sell products that the product list does not have. Their sales point here, so that no join loses them.
unknown_product as (

    select
        {{ unknown_product_key() }} as product_key,
        cast(-1 as bigint) as product_id,
        cast(null as bigint) as manufacturer_id,
        'UNKNOWN' as department,
        'UNKNOWN' as product_category,
        'UNKNOWN' as product_type,
        'UNKNOWN > UNKNOWN' as category_path,
        'UNKNOWN > UNKNOWN > UNKNOWN' as type_path,
        cast(null as varchar) as brand,
        cast(null as varchar) as package_size,
        false as is_fuel,
        cast(1 as bigint) as version,
        timestamp '1900-01-01' as valid_from,
        cast(null as timestamp) as valid_to,
        true as is_current

),

unioned as (

    select * from products
    union all
    select * from unknown_product

)

select * from unioned
