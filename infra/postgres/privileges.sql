-- What each project may do, as it declares. Idempotent; run in the warehouse's database, after schemas.sql and the tables
-- of ops. Nobody may do anything that is not declared: what is granted to everyone, or to a login of the platform's, is
-- taken back first. Such logins begin with `platform_`; it concerns declared schemas and those in which they may create.

do $$
declare
    entry record;
begin
    execute format('revoke all on database %I from public', current_database());
    revoke create on schema public from public;
    create temporary table schema_of_ours on commit drop as
    select oid, nspname from pg_namespace
    where
        nspname = 'ops'
        or nspname in (select unnest(writes || scratch) from declared)
        or exists (
            select from aclexplode(nspacl)
            where privilege_type = 'CREATE' and grantee::regrole::text like 'platform\_%'
        );
    for entry in
        with lists as (
            select format('database %I', datname) as object, datacl as acl, datdba as owner
            from pg_database where datname = current_database()
            union all
            select format('schema %I', nspname), nspacl, nspowner
            from pg_namespace join schema_of_ours using (oid, nspname)
            union all
            select format('%s %I.%I', case relkind when 'S' then 'sequence' else 'table' end, nspname, relname), relacl, relowner
            from pg_class join schema_of_ours on schema_of_ours.oid = relnamespace
            union all
            select format('table %I.%I', nspname, relname), attacl, relowner
            from pg_class
            join schema_of_ours on schema_of_ours.oid = relnamespace
            join pg_attribute on attrelid = pg_class.oid
        )
        select distinct object, rolname
        from lists cross join lateral aclexplode(acl) join pg_roles on pg_roles.oid = grantee
        where rolname like 'platform\_%' and grantee <> owner
    loop
        execute format('revoke all on %s from %I', entry.object, entry.rolname);
    end loop;
    for entry in
        select pg_get_userbyid(defaclrole) as owner, nspname, rolname
        from pg_default_acl
        join schema_of_ours on schema_of_ours.oid = defaclnamespace
        cross join lateral aclexplode(defaclacl)
        join pg_roles on pg_roles.oid = grantee
        where defaclobjtype = 'r' and rolname like 'platform\_%'
    loop
        execute format(
            'alter default privileges for role %I in schema %I revoke all on tables from %I',
            entry.owner, entry.nspname, entry.rolname
        );
    end loop;
end
$$;

-- Layers: a grant on the tables that are there, and a default for those that their owner will make.
do $$
declare
    entry record;
begin
    for entry in select login, unnest(writes || scratch) as layer from declared loop
        execute format('grant usage, create on schema %I to %I', entry.layer, entry.login);
    end loop;
    for entry in
        select readers.login, readers.layer, owners.login as owner
        from (select login, unnest(reads) as layer from declared) as readers
        join declared as owners on readers.layer = any(owners.writes)
    loop
        execute format('grant usage on schema %I to %I', entry.layer, entry.login);
        execute format('grant select on all tables in schema %I to %I', entry.layer, entry.login);
        execute format(
            'alter default privileges for role %I in schema %I grant select on tables to %I',
            entry.owner, entry.layer, entry.login
        );
    end loop;
end
$$;

-- What the platform keeps about itself: everybody but the reader enters their runs, nobody takes any out.
do $$
declare
    entry record;
begin
    for entry in select login, reader from declared loop
        execute format('grant connect, temporary on database %I to %I', current_database(), entry.login);
        execute format('grant usage on schema ops to %I', entry.login);
        if entry.reader then
            execute format('grant select on all tables in schema ops to %I', entry.login);
        else
            execute format('grant select on ops.identity, ops.layout to %I', entry.login);
            execute format(
                'grant select, insert, update on ops.run, ops.run_output, ops.run_metric, ops.run_version to %I', entry.login
            );
            execute format('grant usage on sequence ops.run_sequence to %I', entry.login);
        end if;
    end loop;
    for entry in
        select
            login,
            privilege,
            "table" as relation,
            (select '(' || string_agg(quote_ident(name), ', ') || ')' from unnest(columns) as names (name)) as columns
        from declared
        cross join lateral jsonb_to_recordset(grants) as granted (privilege text, "table" text, columns text [])
        where privilege in ('select', 'insert', 'update', 'delete')
    loop
        execute format('grant %s %s on ops.%I to %I', entry.privilege, entry.columns, entry.relation, entry.login);
    end loop;
end
$$;
