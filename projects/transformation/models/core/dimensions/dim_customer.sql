with versions as (

    {{ versions(ref('customer_history'), 'party_id') }}

),

customers as (

    select
        {{ surrogate_key(['party_id', 'version']) }} as customer_key,
        party_id,
        source_system,
        source_id,
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
        household_id,
        is_valid_postcode,
        is_valid_state,
        is_valid_date_of_birth,
        version,
        valid_from,
        valid_to,
        is_current
    from versions

)

select * from customers
