-- The logins of the platform's projects, one for each part of the work. They have no password until one is set for
-- them, and no login without one is let in. Idempotent; needs the right to create roles, and declared.sql before it.

do $$
declare
    entry record;
begin
    for entry in select login from declared loop
        if not exists (select from pg_roles where rolname = entry.login) then
            execute format('create role %I', entry.login);
        end if;
        execute format('alter role %I with login', entry.login);
        -- Who is no superuser has to be a member to make schemas for them.
        if not (select rolsuper from pg_roles where rolname = current_user) then
            execute format('grant %I to %I', entry.login, current_user);
        end if;
    end loop;
end
$$;
