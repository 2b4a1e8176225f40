{# As dbt's own fast way, but for a quote in the path: dbt writes it into its SQL as it is. #}
{% macro duckdb__load_csv_rows(model, agate_table) -%}
    {% set path = adapter.get_seed_file_path(model).replace("'", "''") %}
    {% set sql %}
        copy {{ this.render() }} from '{{ path }}' (format csv, header, delimiter '{{ config.get('delimiter', ',') }}')
    {% endset %}
    {% do adapter.add_query(sql, abridge_sql_log=True) %}
    {{ return(sql) }}
{%- endmacro %}
