{#
    The condition under which a row of raw has not vanished from its source, for the staging models of resources that
    declare deletions; true for a table that was loaded before they were declared.

    Args:
        relation: what source() returned.
        keep_deleted: whether vanished rows stay, as facts may that happened all the same.
#}
{% macro alive(relation, keep_deleted=false) -%}
    {{- '_deleted_at is null' if not keep_deleted and marks_deletions(relation) else '1 = 1' -}}
{%- endmacro %}

{# Whether a table of raw says which of its rows have vanished. #}
{% macro marks_deletions(relation) -%}
    {%- set found = none -%}
    {%- if execute -%}
        {%- set found = adapter.get_relation(target.database, relation.schema, relation.identifier) -%}
    {%- endif -%}
    {%- set names = adapter.get_columns_in_relation(found) | map(attribute='name') | list if found else [] -%}
    {{ return('_deleted_at' in names) }}
{%- endmacro %}

{#
    End the last version of what has vanished at the time that raw has of it: dbt takes the time at which it saw it.
    For a snapshot with `hard_deletes: invalidate`, as its post-hook; run again, it changes nothing.

    Args:
        table: the table of raw.
        key: the snapshot's key.
        key_in_raw: the same as an expression over the table's columns, as `gone.member_id`.
#}
{% macro close_at_deletion(table, key, key_in_raw) -%}
    {%- set raw = api.Relation.create(database=target.database, schema='raw', identifier=table) -%}
    {%- if execute and marks_deletions(raw) -%}
        update {{ this }} as history
        set dbt_valid_to = gone._deleted_at
        from {{ raw }} as gone
        where
            history.{{ key }} = {{ key_in_raw }}
            and gone._deleted_at >= history.dbt_valid_from
            and gone._deleted_at < history.dbt_valid_to
            and not exists (
                select 1
                from {{ this }} as later
                where later.{{ key }} = history.{{ key }} and later.dbt_valid_from > history.dbt_valid_from
            )
    {%- endif -%}
{%- endmacro %}
