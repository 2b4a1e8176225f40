{# A view on PostgreSQL, without dropping the views that are made of it, as dbt's own way does. #}
{% materialization view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set grants = config.get('grants') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') %}
        {% if existing is none %}
            {{ get_create_view_as_sql(target_relation, sql) }}
        {% elif existing.is_view %}
            do $materialization$
            begin
                {{ get_replace_view_sql(target_relation, sql) }}
            exception
                -- PostgreSQL adds columns to a view in place, but neither drops, renames nor retypes them.
                when invalid_table_definition then
                    {{ replace_keeping_views_sql(existing, get_create_view_as_sql(target_relation, sql)) }};
            end
            $materialization$
        {% else %}
            {{ replace_keeping_views_sql(existing, get_create_view_as_sql(target_relation, sql)) }}
        {% endif %}
    {% endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do apply_grants(target_relation, grants, should_revoke=should_revoke(existing, full_refresh_mode=True)) %}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
