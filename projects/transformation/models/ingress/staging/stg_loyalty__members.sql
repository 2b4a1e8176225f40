with source as (

    select * from {{ source('raw', 'loyalty_members') }}
    where {{ alive(source('raw', 'loyalty_members')) }}

),

renamed as (

    select
        member_id,
        first_name as given_name,
        last_name as surname,
        street_no as street_number,
        street as address_1,
        building as address_2,
        city as suburb,
        post_code as postcode,
        region as state,
        birth_date as date_of_birth,
        cast(household_id as bigint) as household_id,
        _dlt_load_id as load_id,
        {{ load_time('_dlt_load_id') }} as loaded_at
    from source

)

select * from renamed
