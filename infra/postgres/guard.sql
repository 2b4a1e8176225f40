-- What one role makes never runs with the rights of another. Who reads a view calls the functions in it as themselves, so
-- projects make nothing that others would run. Idempotent; run in the warehouse's database by a superuser, after
-- declared.sql and the tables of ops.

-- Kinds of definitions are named that hold no code, so that one which a later PostgreSQL brings is refused.
create or replace function ops.guard_definitions() returns event_trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    made record;
begin
    if current_setting('is_superuser')::boolean
        or not (starts_with(session_user::text, 'platform_') or starts_with(current_user::text, 'platform_')) then
        return;
    end if;
    if tg_event = 'ddl_command_start' then
        if not starts_with(tg_tag, 'DROP ') and tg_tag <> all(array[
            'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'CREATE SEQUENCE', 'ALTER SEQUENCE',
            'CREATE INDEX', 'ALTER INDEX', 'REINDEX', 'CREATE STATISTICS', 'ALTER STATISTICS',
            'CREATE VIEW', 'ALTER VIEW', 'CREATE MATERIALIZED VIEW', 'ALTER MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW',
            'COMMENT', 'GRANT', 'REVOKE', 'ALTER DEFAULT PRIVILEGES'
        ]) and not (tg_tag in ('CREATE FUNCTION', 'ALTER FUNCTION') and has_language_privilege('sql', 'usage')) then
            raise insufficient_privilege using message = format('no project makes what others would run: %s', tg_tag);
        end if;
        return;
    end if;
    for made in select * from pg_event_trigger_ddl_commands() loop
        if tg_tag in ('GRANT', 'ALTER DEFAULT PRIVILEGES')
            and made.object_type <> all(array['TABLE', 'TABLES', 'SEQUENCE', 'SEQUENCES']) then
            raise insufficient_privilege using message = format('no project grants this to others: %s', made.object_type);
        elsif made.classid = 'pg_proc'::regclass then
            execute format('revoke all on function %s from public', made.object_identity);
        elsif made.classid = 'pg_class'::regclass and exists (
            select from pg_class cross join lateral pg_options_to_table(reloptions)
            where oid = made.objid and option_name = 'security_invoker' and option_value::boolean
        ) then
            raise insufficient_privilege using
                message = format('no project makes a view with its readers'' rights: %s', made.object_identity);
        end if;
    end loop;
end
$$;

do $$
declare
    entry record;
begin
    drop event trigger if exists platform_guard_start;
    create event trigger platform_guard_start on ddl_command_start execute function ops.guard_definitions();
    drop event trigger if exists platform_guard_end;
    create event trigger platform_guard_end on ddl_command_end execute function ops.guard_definitions();

    revoke all on language plpgsql, sql from public;
    -- Who administers this database, superuser or not, runs these files.
    grant usage on language plpgsql, sql to pg_database_owner;
    for entry in
        select rolname, lanname
        from pg_language cross join lateral aclexplode(lanacl) join pg_roles on pg_roles.oid = grantee
        where starts_with(rolname, 'platform_')
    loop
        execute format('revoke all on language %I from %I', entry.lanname, entry.rolname);
    end loop;
    for entry in select login, unnest(languages) as language from declared loop
        execute format('grant usage on language %I to %I', entry.language, entry.login);
    end loop;

    -- What was made before there was this guard.
    for entry in
        select pg_proc.oid::regprocedure as routine
        from pg_proc join pg_roles on pg_roles.oid = proowner
        where starts_with(rolname, 'platform_')
    loop
        execute format('revoke all on routine %s from public', entry.routine);
    end loop;
    for entry in
        select pg_class.oid::regclass as relation
        from pg_class
        join pg_roles on pg_roles.oid = relowner
        cross join lateral pg_options_to_table(reloptions)
        where option_name = 'security_invoker' and starts_with(rolname, 'platform_')
    loop
        execute format('alter view %s reset (security_invoker)', entry.relation);
    end loop;
    for entry in
        select polname, polrelid::regclass as relation
        from pg_policy
        join pg_class on pg_class.oid = polrelid
        join pg_roles on pg_roles.oid = relowner
        where starts_with(rolname, 'platform_')
    loop
        execute format('drop policy %I on %s', entry.polname, entry.relation);
    end loop;
end
$$;
