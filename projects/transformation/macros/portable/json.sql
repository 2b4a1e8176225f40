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
    coalesce(cast(to_json(cast({{ column }} as varchar)) as varchar), 'null')
{%- endmacro %}

{# A number as a JSON number with all its decimals, or null. #}
{% macro json_number(column) -%}
    coalesce(cast({{ column }} as varchar), 'null')
{%- endmacro %}
