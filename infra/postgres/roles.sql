-- The logins of the platform's projects, one for each part of the work. They have no password until one is set for them,
-- and no login without one is let in. Idempotent; needs the right to create roles.

do $$
declare
    login text;
begin
    foreach login in array array[
        'platform_ingress', 'platform_transformation', 'platform_entity_resolution', 'platform_egress',
        'platform_reporting', 'platform_reader'
    ] loop
        if not exists (select from pg_roles where rolname = login) then
            execute format('create role %I', login);
        end if;
        execute format('alter role %I with login', login);
        -- Who is no superuser has to be a member to make schemas for them.
        if not (select rolsuper from pg_roles where rolname = current_user) then
            execute format('grant %I to %I', login, current_user);
        end if;
    end loop;
end
$$;
