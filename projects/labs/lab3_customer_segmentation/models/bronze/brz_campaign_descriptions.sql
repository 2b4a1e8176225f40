with source as (

    select * from {{ source('raw', 'campaign_descriptions') }}

),

renamed as (

    select
        campaign_id,
        campaign_type,
        start_date as starts_on,
        end_date as ends_on
    from source

)

select * from renamed
