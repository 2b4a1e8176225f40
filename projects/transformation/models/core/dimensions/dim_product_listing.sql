with listings as (

    select
        listing_id,
        source_system,
        source_id,
        department,
        description,
        package_size,
        brand,
        list_price
    from {{ ref('cnf_product_listings') }}

)

select * from listings
