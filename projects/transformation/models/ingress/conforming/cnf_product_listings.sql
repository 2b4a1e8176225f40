{{ config(materialized='table') }}

with products as (

    select * from {{ ref('cln_products') }}

),

items as (

    select * from {{ ref('stg_supplier__items') }}

),

-- Of several products with one description nobody can say which of them an item of a list is.
counted as (

    select
        *,
        count(*) over (partition by department, product_type, package_size) as alike
    from products
    where product_type is not null and package_size is not null

),

unioned as (

    select
        'pos' as source_system,
        cast(product_id as varchar) as source_id,
        department,
        product_type as description,
        package_size,
        brand,
        cast(null as decimal(10, 2)) as list_price
    from counted
    where alike = 1
    union all
    select
        'supplier' as source_system,
        {{ empty_to_null('item_no') }} as source_id,
        {{ upper_case(clean_text('product_group')) }} as department,
        {{ upper_case(clean_text('item_description')) }} as description,
        {{ upper_case(clean_text('pack_size')) }} as package_size,
        cast(null as varchar) as brand,
        list_price
    from items

),

identified as (

    select
        source_system || ':' || source_id as listing_id,
        *
    from unioned

)

select * from identified
