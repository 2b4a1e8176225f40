with source as (

    -- The table is loaded only on request (20,940,529 rows); without it this model has no rows.
    select * from {{ source_or_empty(source('raw', 'pos_promotions'), {
        'product_id': 'bigint',
        'store_id': 'bigint',
        'display_location': 'varchar',
        'mailer_location': 'varchar',
        'week': 'bigint',
    }) }} as promotions

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
