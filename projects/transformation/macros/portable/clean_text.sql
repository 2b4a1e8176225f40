{# Lower case, no space around, one space between words; nothing left is null. #}
{% macro clean_text(column) -%}
    nullif({{ trimmed("regexp_replace(lower(" ~ column ~ "), '[ \\t\\r\\n]+', ' ', 'g')") }}, '')
{%- endmacro %}

{# Trimmed, nothing left is null; upper and lower case stay. #}
{% macro empty_to_null(column) -%}
    nullif({{ trimmed(column) }}, '')
{%- endmacro %}

{# Without the spaces around it, whichever of unicode's spaces they are. #}
{% macro trimmed(column) -%}
    {{ return(adapter.dispatch('trimmed')(column)) }}
{%- endmacro %}

{% macro duckdb__trimmed(column) -%}
    trim({{ column }})
{%- endmacro %}

{% macro postgres__trimmed(column) -%}
    btrim(
        {{ column }},
        e' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000'
    )
{%- endmacro %}

{# Upper case. PostgreSQL knows no capital of the German ß, DuckDB does. #}
{% macro upper_case(column) -%}
    {{ return(adapter.dispatch('upper_case')(column)) }}
{%- endmacro %}

{% macro duckdb__upper_case(column) -%}
    upper({{ column }})
{%- endmacro %}

{% macro postgres__upper_case(column) -%}
    replace(upper({{ column }}), 'ß', 'ẞ')
{%- endmacro %}
