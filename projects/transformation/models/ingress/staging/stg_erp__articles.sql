with source as (

    -- Loaded only where there is an ERP (ERP_URL); without one this model has no rows.
    select * from {{ source_or_empty(source('raw', 'erp_articles'), {
        'article_id': 'bigint',
        'supplier_id': 'bigint',
        'description': 'varchar',
        'department': 'varchar',
        'brand': 'varchar',
        'package_size': 'varchar',
        'listed_on': 'date',
        'is_own_brand': 'boolean',
        'changed_at': 'timestamp with time zone',
        '_dlt_load_id': 'varchar',
    }) }} as articles

),

renamed as (

    select
        article_id,
        supplier_id,
        description as article_description,
        department,
        brand,
        package_size,
        listed_on,
        is_own_brand,
        changed_at,
        {{ load_time('_dlt_load_id') }} as loaded_at
    from source

)

select * from renamed
