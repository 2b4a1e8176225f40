{#
    For a model that joins whole tables: PostgreSQL takes sorting both sides for cheaper than hashing one, and is wrong.
    Holds until the end of the model's transaction.
#}
{% macro hash_joins_only() -%}
    {%- if target.type == 'postgres' -%}
        set local enable_mergejoin = off;
    {%- endif -%}
{%- endmacro %}
