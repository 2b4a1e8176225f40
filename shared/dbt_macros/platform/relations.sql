{#
    Relations are written as schema.table, without the database: DuckDB keeps the text of a view, and a view that named
    the database would break as soon as its file is copied or renamed.
#}
{% macro ref() -%}
    {{ return(builtins.ref(*varargs, **kwargs).include(database=false)) }}
{%- endmacro %}

{% macro source(source_name, table_name) -%}
    {{ return(builtins.source(source_name, table_name).include(database=false)) }}
{%- endmacro %}
