{#
    The versions of a snapshot, with columns version, valid_from, valid_to and is_current in place of dbt's own.

    What was known first holds for all time before it too: the tills had sold a product for years when it was loaded
    first. A version never begins before its predecessor ended, also where a deleted row came back from the same load.
    The version's number makes the surrogate key, so the key is the same in every run that sees the same history.
#}
{% macro versions(snapshot, key) -%}
    select
        *,
        case
            when version = 1 then timestamp '1900-01-01'
            else greatest(dbt_valid_from, previous_valid_to)
        end as valid_from,
        dbt_valid_to as valid_to,
        dbt_valid_to is null as is_current
    from (
        select
            *,
            row_number() over (partition by {{ key }} order by dbt_valid_from, dbt_valid_to nulls last) as version,
            lag(dbt_valid_to) over (
                partition by {{ key }} order by dbt_valid_from, dbt_valid_to nulls last
            ) as previous_valid_to
        from {{ snapshot }}
    ) as numbered
{%- endmacro %}
