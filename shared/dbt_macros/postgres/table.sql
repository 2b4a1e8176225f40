{#
    Tables on PostgreSQL. By dbt's own way the old table is renamed and dropped with every view that others have made of
    it. Here a table whose columns have not changed stays and gets new rows: what depends on it, the rights that others
    have in it and readers amid a transaction are not disturbed. Everything is one transaction, so a build that is killed
    has changed nothing.
#}
{% materialization table, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set grants = config.get('grants') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set built = target_relation if existing is none else make_intermediate_relation(target_relation) -%}
    {% call statement('main') %}{{ get_create_table_as_sql(False, built, sql) }}{% endcall %}
    {% do create_indexes(built) %}
    {% if existing is not none %}
        {% if existing.is_table and has_same_structure(built, target_relation) %}
            {% do run_query(refill_sql(target_relation, built)) %}
        {% else %}
            {% set renamed %}alter table {{ built }} rename to {{ adapter.quote(target_relation.identifier) }}{% endset %}
            {% do run_query(replace_keeping_views_sql(existing, renamed)) %}
        {% endif %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do apply_grants(target_relation, grants, should_revoke=should_revoke(existing, full_refresh_mode=True)) %}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The first build and `--full-refresh` make the table as above, every other one is dbt's own. #}
{% materialization incremental, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {% if existing is none or existing.is_view or should_full_refresh() %}
        {{ return(materialization_table_postgres()) }}
    {% else %}
        {{ return(materialization_incremental_default()) }}
    {% endif %}
{% endmaterialization %}

{# Whether two tables have the same columns, types, constraints and indexes. #}
{% macro has_same_structure(one, other) -%}
    {%- set counted %}
        select count(distinct structure) from (
            {{ structure_sql(one) }}
            union all
            {{ structure_sql(other) }}
        ) as structures
    {%- endset -%}
    {{ return(run_query(counted).columns[0].values()[0] == 1) }}
{%- endmacro %}

{# A table's structure as one text. #}
{% macro structure_sql(relation) -%}
    {%- set id = "'" ~ relation.include(database=false) ~ "'::regclass" -%}
    select concat_ws(
        e'\n',
        (
            select string_agg(
                format('%I %s %s', attname, format_type(atttypid, atttypmod), attnotnull), e'\n' order by attnum
            )
            from pg_attribute
            where attrelid = {{ id }} and attnum > 0 and not attisdropped
        ),
        (
            select string_agg(pg_get_constraintdef(oid), e'\n' order by pg_get_constraintdef(oid))
            from pg_constraint
            where conrelid = {{ id }}
        ),
        (
            -- Without the names: an index has another one in each table.
            select string_agg(
                indisunique || regexp_replace(pg_get_indexdef(indexrelid), '^.* USING', ''), e'\n'
                order by indisunique || regexp_replace(pg_get_indexdef(indexrelid), '^.* USING', '')
            )
            from pg_index
            where indrelid = {{ id }}
        )
    ) as structure
{%- endmacro %}

{# Give a table the rows of another one, and drop that. Deleted and not truncated: older snapshots see the old rows. #}
{% macro refill_sql(relation, source) -%}
    {%- set columns = get_quoted_csv(adapter.get_columns_in_relation(source) | map(attribute='name')) -%}
    delete from {{ relation }};
    insert into {{ relation }} ({{ columns }}) select {{ columns }} from {{ source }};
    drop table {{ source }}
{%- endmacro %}
