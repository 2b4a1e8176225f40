{# Stops a run on a database that is another lab's, however dbt came to open it: before anything is written. #}
{% macro check_lab() %}
    {% if execute %}
        {% set found = run_query("select name from ops.identity").columns[0].values() | list %}
        {% if found != [project_name] %}
            {% do exceptions.raise_compiler_error(
                "expected the database of `" ~ project_name ~ "`, found that of `" ~ found | join("`, `") ~ "`; nothing was written"
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}
