{# A key made of several columns: the same on every engine and in every run. #}
{% macro surrogate_key(columns) -%}
    md5(
        {%- for column in columns -%}
            coalesce(cast({{ column }} as varchar), '') {{- " || '|' || " if not loop.last -}}
        {%- endfor -%}
    )
{%- endmacro %}
