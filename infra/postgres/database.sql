-- A database that one project has beside the warehouse, and the one login for it, which the session's setting
-- `platform.login` names and which can do nothing else. Idempotent; run in that database. The login has no password
-- until one is set for it.

do $$
declare
    login text := current_setting('platform.login');
begin
    if not exists (select from pg_roles where rolname = login) then
        execute format('create role %I login', login);
    end if;
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect, temporary on database %I to %I', current_database(), login);
    execute format('grant usage, create on schema public to %I', login);
end
$$;
