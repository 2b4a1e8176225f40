with source as (

    select * from {{ source('raw', 'pos_demographics') }}

),

renamed as (

    select
        household_id,
        age as age_band,
        income as income_band,
        home_ownership,
        marital_status,
        household_size,
        household_comp as household_composition,
        kids_count
    from source

)

select * from renamed
