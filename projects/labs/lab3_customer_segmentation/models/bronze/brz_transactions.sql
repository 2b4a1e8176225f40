with source as (

    select * from {{ source('raw', 'transactions') }}

),

renamed as (

    select
        household_id,
        store_id,
        basket_id,
        product_id,
        sales_value,
        week,
        transaction_timestamp as sold_at
    from source

)

select * from renamed
