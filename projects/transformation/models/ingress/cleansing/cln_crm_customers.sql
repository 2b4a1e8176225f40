with parties as (

    select * from {{ ref('stg_crm__customers') }}

),

texts as (

    select
        {{ empty_to_null('customer_id') }} as customer_id,
        {{ clean_text('given_name') }} as given_name,
        {{ clean_text('surname') }} as surname,
        {{ clean_text('street_number') }} as street_number,
        {{ clean_text('address_1') }} as address_1,
        {{ clean_text('address_2') }} as address_2,
        {{ clean_text('suburb') }} as suburb,
        {{ postcode('postcode') }} as postcode,
        {{ clean_text('state') }} as state,
        {{ empty_to_null('date_of_birth') }} as date_of_birth_given,
        loaded_at
    from parties

),

dates as (

    select
        *,
        {{ date_or_null('date_of_birth_given') }} as calendar_date
    from texts

),

-- A birth before 1900 or after the load is as impossible as a 31st of June.
born as (

    select
        *,
        case
            when calendar_date between date '1900-01-01' and cast(loaded_at as date) then calendar_date
        end as date_of_birth
    from dates

),

flagged as (

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
        date_of_birth_given,
        coalesce(postcode ~ '^[0-9]{4}$', true) as is_valid_postcode,
        coalesce(state in ('act', 'nsw', 'nt', 'qld', 'sa', 'tas', 'vic', 'wa'), true) as is_valid_state,
        date_of_birth is not null or date_of_birth_given is null as is_valid_date_of_birth,
        loaded_at
    from born

)

select * from flagged
