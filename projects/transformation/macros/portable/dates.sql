{#
    The date that `YYYYMMDD` or `YYYY-MM-DD` names, or null where no calendar has it (`19450493`).
    Written out by hand because no engine's own forgiving cast exists on the other.
#}
{% macro date_or_null(column) -%}
    {%- set digits = "replace(" ~ column ~ ", '-', '')" -%}
    {%- set year = "cast(substr(" ~ digits ~ ", 1, 4) as integer)" -%}
    {%- set month = "cast(substr(" ~ digits ~ ", 5, 2) as integer)" -%}
    {%- set day = "cast(substr(" ~ digits ~ ", 7, 2) as integer)" -%}
    case
        when {{ digits }} is null or not {{ digits }} ~ '^[0-9]{8}$' then null
        when {{ year }} < 1 or {{ month }} not between 1 and 12 or {{ day }} < 1 then null
        when {{ day }} > case
            when {{ month }} in (4, 6, 9, 11) then 30
            when {{ month }} <> 2 then 31
            when {{ year }} % 4 = 0 and ({{ year }} % 100 <> 0 or {{ year }} % 400 = 0) then 29
            else 28
        end then null
        else cast(
            substr({{ digits }}, 1, 4) || '-' || substr({{ digits }}, 5, 2) || '-' || substr({{ digits }}, 7, 2)
            as date
        )
    end
{%- endmacro %}

{# When a dlt load began (UTC): its id is seconds since 1970 as text. #}
{% macro load_time(load_id) -%}
    {{ return(adapter.dispatch('load_time')(load_id)) }}
{%- endmacro %}

{% macro duckdb__load_time(load_id) -%}
    make_timestamp(cast(cast({{ load_id }} as double) * 1000000 as bigint))
{%- endmacro %}

{% macro postgres__load_time(load_id) -%}
    (timestamp '1970-01-01' + round(cast({{ load_id }} as double precision) * 1000000) * interval '1 microsecond')
{%- endmacro %}

{# One row a day from one date to another, both included, as column date_day. Both are scalar SQL expressions. #}
{% macro days_between(first_day, last_day) -%}
    select cast({{ first_day }} as date) + numbers.n as date_day
    from (
        select thousands.n * 1000 + hundreds.n * 100 + tens.n * 10 + ones.n as n
        from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as ones (n)
        cross join (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as tens (n)
        cross join (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as hundreds (n)
        cross join (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as thousands (n)
    ) as numbers
    where cast({{ first_day }} as date) + numbers.n <= cast({{ last_day }} as date)
{%- endmacro %}
