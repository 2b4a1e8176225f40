with source as (

    select * from {{ source('raw', 'crm_customers') }}

),

renamed as (

    select
        customer_id,
        given_name,
        surname,
        street_number,
        address_1,
        address_2,
        suburb,
        postcode,
        state,
        date_of_birth,
        _dlt_load_id as load_id,
        {{ load_time('_dlt_load_id') }} as loaded_at
    from source

)

select * from renamed
