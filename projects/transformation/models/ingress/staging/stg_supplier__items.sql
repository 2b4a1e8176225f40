with source as (

    -- Loaded only where a price list was dropped; without one this model has no rows.
    select * from {{ source_or_empty(source('raw', 'supplier_items'), {
        'item_no': 'varchar',
        'product_group': 'varchar',
        'description': 'varchar',
        'pack_size': 'varchar',
        'list_price': 'decimal(10, 2)',
        '_dlt_load_id': 'varchar',
    }) }} as items
    where {{ alive(source('raw', 'supplier_items')) }}

),

renamed as (

    select
        item_no,
        product_group,
        description as item_description,
        pack_size,
        cast(list_price as decimal(10, 2)) as list_price,
        _dlt_load_id as load_id,
        {{ load_time('_dlt_load_id') }} as loaded_at
    from source

)

select * from renamed
