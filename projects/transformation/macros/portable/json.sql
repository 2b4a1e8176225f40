{#
    A JSON object as text, the same to the letter on every engine: keys in the order given, no spaces.

    Args:
        fields: key -> SQL expression that already is JSON text (json_text, json_value or another json_object).
#}
{% macro json_object(fields) -%}
    '{' {% for key, value in fields.items() -%}
        || '"{{ key }}":' || {{ value }} {% if not loop.last %}|| ','{% endif %}
    {% endfor -%}
    || '}'
{%- endmacro %}

{# A column as a JSON string, or null. #}
{% macro json_text(column) -%}
    {{ return(adapter.dispatch('json_text')(column)) }}
{%- endmacro %}

{% macro duckdb__json_text(column) -%}
    coalesce(cast(to_json(cast({{ column }} as varchar)) as varchar), 'null')
{%- endmacro %}

{# PostgreSQL writes `\u000b` where DuckDB writes `\u000B`. An escaped backslash before it is put aside meanwhile. #}
{% macro postgres__json_text(column) -%}
    {%- set json = namespace(text="replace(cast(to_json(cast(" ~ column ~ " as varchar)) as varchar), '\\\\', chr(1))") -%}
    {%- for digits in ['0b', '0e', '0f', '1a', '1b', '1c', '1d', '1e', '1f'] -%}
        {%- set json.text = "replace(" ~ json.text ~ ", '\\u00" ~ digits ~ "', '\\u00" ~ digits | upper ~ "')" -%}
    {%- endfor -%}
    coalesce(replace({{ json.text }}, chr(1), '\\'), 'null')
{%- endmacro %}

{# A number as a JSON number with all its decimals, or null. #}
{% macro json_number(column) -%}
    coalesce(cast({{ column }} as varchar), 'null')
{%- endmacro %}
