{#
    Put a relation whose columns have changed in the place of another one, and make the views again that are made of it,
    and the views of those. One that the new columns do not fit is left out: the same build replaces it next, or it is a
    model that the change has forgotten. What belongs to others is never dropped; then nothing is changed.

    Args:
        existing: the relation that has to make room.
        statement: what puts the new one there.
#}
{% macro replace_keeping_views_sql(existing, statement) -%}
    {%- set name = existing.include(database=false) -%}
    do $replace$
    declare
        names text[];
        definitions text[];
        foreign_names text;
    begin
        with recursive dependent as (
            select '{{ name }}'::regclass::oid as id, 0 as depth
            union all
            select pg_rewrite.ev_class, dependent.depth + 1
            from dependent
            inner join pg_depend
                on pg_depend.refobjid = dependent.id
                and pg_depend.refclassid = 'pg_class'::regclass
                and pg_depend.classid = 'pg_rewrite'::regclass
            inner join pg_rewrite on pg_rewrite.oid = pg_depend.objid and pg_rewrite.ev_class <> dependent.id
        ),

        views as (
            select
                format('%I.%I', nspname, relname) as name,
                pg_get_viewdef(id) as definition,
                relowner <> current_user::regrole as is_foreign,
                max(depth) as depth
            from dependent
            inner join pg_class on pg_class.oid = id
            inner join pg_namespace on pg_namespace.oid = relnamespace
            where depth > 0
            group by id, nspname, relname, relowner
        )

        select
            coalesce(array_agg(name order by depth), '{}'),
            array_agg(definition order by depth),
            string_agg(name, ', ' order by name) filter (where is_foreign)
        into names, definitions, foreign_names
        from views;

        if foreign_names is not null then
            raise exception using
                message = $text${{ name }} changes its columns, and others have made views of it: $text$ || foreign_names,
                hint = 'let their owners drop them, build again, then let them be made anew';
        end if;

        for i in reverse cardinality(names) .. 1 loop
            execute 'drop view ' || names[i];
        end loop;
        drop {{ existing.type }} {{ name }};
        {{ statement.rstrip('; \n') }};
        for i in 1 .. cardinality(names) loop
            begin
                execute 'create view ' || names[i] || ' as ' || definitions[i];
            exception
                -- The class of errors that undefined and mismatched columns belong to.
                when syntax_error_or_access_rule_violation then
                    raise warning '% does not fit the new columns: %', names[i], sqlerrm;
            end;
        end loop;
    end
    $replace$
{%- endmacro %}
