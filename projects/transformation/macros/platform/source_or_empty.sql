{#
    A source table that may not have been loaded: the table, or the same columns without a row.

    Args:
        relation: what source() returned.
        columns: name -> type, as the staging model reads them.
#}
{% macro source_or_empty(relation, columns) -%}
    {%- set found = none -%}
    {%- if execute -%}
        {%- set found = adapter.get_relation(target.database, relation.schema, relation.identifier) -%}
    {%- endif -%}
    {%- if found is none -%}
        (
            select
                {% for name, type in columns.items() -%}
                cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
                {% endfor %}
            where 1 = 0
        )
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
