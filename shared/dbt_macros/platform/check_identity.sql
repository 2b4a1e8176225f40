{# Refuse to write into a database that is not the platform's warehouse. Runs before every dbt command that writes. #}
{% macro check_identity(expected='warehouse') -%}
    {% if execute and flags.WHICH in ('build', 'run', 'snapshot', 'test', 'seed') %}
        {% set identity = adapter.get_relation(target.database, 'ops', 'identity') %}
        {% if identity is none %}
            {{ exceptions.raise_compiler_error(
                "the database `" ~ target.database ~ "` has no identity, so it is no warehouse of this platform. "
                ~ "hint: point WAREHOUSE_URL at the warehouse, or run `./pixiw run ingest` to make it"
            ) }}
        {% endif %}
        {% set found = run_query('select name from ' ~ identity).columns[0].values() | join(', ') %}
        {% if found != expected %}
            {{ exceptions.raise_compiler_error(
                "expected the database of `" ~ expected ~ "`, found that of `" ~ found ~ "`: `" ~ target.database ~ "`. "
                ~ "hint: correct WAREHOUSE_URL; nothing was written"
            ) }}
        {% endif %}
    {% endif %}
{%- endmacro %}
