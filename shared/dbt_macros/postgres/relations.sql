{# What a schema holds. dbt's own writes the database's name into the query, and fails where there is a quote in it. #}
{% macro postgres__list_relations_without_caching(schema_relation) -%}
    {% call statement('list_relations_without_caching', fetch_result=True) -%}
        select
            current_database() as database,
            relname as name,
            nspname as schema,
            case relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end as type
        from pg_class
        inner join pg_namespace on pg_namespace.oid = relnamespace
        where relkind in ('r', 'p', 'v', 'm') and nspname = '{{ schema_relation.schema }}'
    {%- endcall %}
    {{ return(load_result('list_relations_without_caching').table) }}
{%- endmacro %}

{# The schemas of the database that dbt is connected to. dbt's own compares that one's name with the quoted name. #}
{% macro postgres__list_schemas(database) -%}
    {% call statement('list_schemas', fetch_result=True, auto_begin=False) %}
        select nspname from pg_namespace
    {% endcall %}
    {{ return(load_result('list_schemas').table) }}
{%- endmacro %}
