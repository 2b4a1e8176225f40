with source as (

    select * from {{ source('raw', 'demographics') }}

),

renamed as (

    select
        household_id,
        age,
        income,
        home_ownership,
        marital_status,
        household_size,
        household_comp as household_composition,
        kids_count as children
    from source

)

select * from renamed
