with source as (

    -- Loaded only where there is an ERP (ERP_URL); without one this model has no rows.
    select * from {{ source_or_empty(source('raw', 'erp_article_prices'), {
        'article_id': 'bigint',
        'week': 'bigint',
        'unit_price': 'decimal(12, 4)',
        'currency': 'varchar',
        'changed_at': 'timestamp with time zone',
        '_dlt_load_id': 'varchar',
    }) }} as article_prices

),

renamed as (

    select
        article_id,
        week,
        unit_price,
        currency,
        changed_at,
        {{ load_time('_dlt_load_id') }} as loaded_at
    from source

)

select * from renamed
