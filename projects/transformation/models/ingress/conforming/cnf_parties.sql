{{ config(materialized='table') }}

with customers as (

    select * from {{ ref('cln_crm_customers') }}

),

members as (

    select * from {{ ref('cln_loyalty_members') }}

),

unioned as (

    {% set columns %}
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
        is_valid_postcode,
        is_valid_state,
        is_valid_date_of_birth,
        loaded_at
    {% endset %}
    select
        'crm' as source_system,
        customer_id as source_id,
        cast(null as bigint) as household_id,
        {{ columns }}
    from customers
    union all
    select
        'loyalty' as source_system,
        member_id as source_id,
        household_id,
        {{ columns }}
    from members

),

identified as (

    select
        source_system || ':' || source_id as party_id,
        *
    from unioned

)

select * from identified
