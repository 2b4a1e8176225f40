{# Lower case, no space around, one space between words; nothing left is null. #}
{% macro clean_text(column) -%}
    nullif(trim(regexp_replace(lower({{ column }}), '[ \t\r\n]+', ' ', 'g')), '')
{%- endmacro %}

{# Trimmed, nothing left is null; upper and lower case stay. #}
{% macro empty_to_null(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}
