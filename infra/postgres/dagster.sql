-- The database in which Dagster keeps runs, events and schedules, and the one login for it, which can do nothing else.
-- Idempotent; run in that database. The login has no password until one is set for it.

do $$
begin
    if not exists (select from pg_roles where rolname = 'platform_orchestration') then
        create role platform_orchestration login;
    end if;
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect, temporary on database %I to platform_orchestration', current_database());
end
$$;

grant usage, create on schema public to platform_orchestration;
