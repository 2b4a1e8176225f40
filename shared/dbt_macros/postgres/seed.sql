{#
    A seed that is there stays and gets its rows anew, in the transaction that dbt loads them in. dbt's own way truncates
    it, which waits for every reader, or drops it with every view that is made of it.
#}
{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {% set sql = 'delete from ' ~ old_relation.render() %}
    {% call statement('reset') %}{{ sql }}{% endcall %}
    {{ return(sql) }}
{%- endmacro %}

{# As dbt's own, but for the database's name: a % in it would be taken for the place of a value. #}
{% macro postgres__load_csv_rows(model, agate_table) -%}
    {% set names = agate_table.column_names %}
    {% set insert = 'insert into ' ~ this.include(database=false) ~ ' (' ~ get_seed_column_quoted_csv(model, names) ~ ') values ' %}
    {% set row_of_values = '(' ~ (['%s'] * names | length) | join(', ') ~ ')' %}
    {% for rows in agate_table.rows | batch(1000) %}
        {% set values = [] %}
        {% for row in rows %}{% do values.extend(row) %}{% endfor %}
        {% set sql = insert ~ ([row_of_values] * rows | length) | join(', ') %}
        {% do adapter.add_query(sql, bindings=values, abridge_sql_log=True) %}
    {% endfor %}
    {{ return(insert) }}
{%- endmacro %}
