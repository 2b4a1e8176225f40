{#
    The persons of a source, cleansed by the rules that hold for all sources: tidy texts, impossible values flagged.

    Args:
        relation: a staging model with the columns of a person.
        id: the column that is the source's own id of the person.
        others: more columns of the relation, passed on as they are.
#}
{% macro cleansed_persons(relation, id, others=[]) -%}
{{- count_emptied(
    'date_of_birth',
    given='date_of_birth_given',
    emptied=date_or_null('date_of_birth_given') ~ ' is null',
    rule='a date that no calendar has',
) -}}
with persons as (

    select * from {{ relation }}

),

texts as (

    select
        {{ empty_to_null(id) }} as {{ id }},
        {{ clean_text('given_name') }} as given_name,
        {{ clean_text('surname') }} as surname,
        {{ clean_text('street_number') }} as street_number,
        {{ clean_text('address_1') }} as address_1,
        {{ clean_text('address_2') }} as address_2,
        {{ clean_text('suburb') }} as suburb,
        {{ postcode('postcode') }} as postcode,
        {{ clean_text('state') }} as state,
        {{ empty_to_null('date_of_birth') }} as date_of_birth_given,
        {% for column in others %}{{ column }}, {% endfor %}
        loaded_at
    from persons

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
        {{ valid_or_null(
            'date_of_birth',
            value='calendar_date',
            valid="calendar_date between date '1900-01-01' and cast(loaded_at as date)",
            given=date_or_null('date_of_birth_given'),
            rule='before 1900 or after the load',
        ) }}
    from dates

),

flagged as (

    select
        {{ id }},
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
        {% for column in others %}{{ column }}, {% endfor %}
        coalesce(postcode ~ '^[0-9]{4}$', true) as is_valid_postcode,
        coalesce(state in (select code from {{ ref('states') }}), true) as is_valid_state,
        date_of_birth is not null or date_of_birth_given is null as is_valid_date_of_birth,
        loaded_at
    from born

)

select * from flagged
{%- endmacro %}
