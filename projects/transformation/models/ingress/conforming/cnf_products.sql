{{ config(materialized='table') }}

with products as (

    select * from {{ ref('cln_products') }}

),

-- Each level of department > category > type has a name in each product, so that a sum by any of them is complete.
named as (

    select
        product_id,
        manufacturer_id,
        coalesce(department, 'UNSPECIFIED') as department,
        coalesce(product_category, 'UNSPECIFIED') as product_category,
        coalesce(product_type, 'UNSPECIFIED') as product_type,
        brand,
        package_size,
        loaded_at
    from products

),

-- The same category name occurs in several departments, so a level is identified by its path.
conformed as (

    select
        product_id,
        manufacturer_id,
        department,
        product_category,
        product_type,
        department || ' > ' || product_category as category_path,
        department || ' > ' || product_category || ' > ' || product_type as type_path,
        brand,
        package_size,
        exists(
            select 1
            from {{ ref('measured_products') }} as measured
            where named.product_type like measured.product_type_pattern
        ) as is_fuel,
        loaded_at
    from named

)

select * from conformed
