with source as (

    -- Loaded only where there is an ERP (ERP_URL); without one this model has no rows.
    select * from {{ source_or_empty(source('raw', 'erp_suppliers'), {
        'supplier_id': 'bigint',
        'name': 'varchar',
        'article_count': 'bigint',
        'attributes': 'varchar',
        'changed_at': 'timestamp with time zone',
        '_dlt_load_id': 'varchar',
    }) }} as suppliers

),

renamed as (

    select
        supplier_id,
        name as supplier_name,
        article_count,
        attributes as attributes_json,
        changed_at,
        {{ load_time('_dlt_load_id') }} as loaded_at
    from source

)

select * from renamed
