-- The layers, each owned by the project that writes it. Idempotent; run in the warehouse's database, after roles.sql.
-- raw_staging is where dlt puts rows before it merges them, splink where entity resolution works.

do $$
declare
    entry record;
begin
    for entry in
        select * from (values
            ('raw', 'platform_ingress'),
            ('raw_staging', 'platform_ingress'),
            ('staging', 'platform_transformation'),
            ('core', 'platform_transformation'),
            ('egress', 'platform_transformation'),
            ('master', 'platform_entity_resolution'),
            ('splink', 'platform_entity_resolution'),
            ('reporting', 'platform_reporting'),
            ('ops', current_user)
        ) as layers (layer, owner)
    loop
        -- Not `if not exists`, which asks for the right to create schemas also where they are there.
        if not exists (select from pg_namespace where nspname = entry.layer) then
            execute format('create schema %I authorization %I', entry.layer, entry.owner);
        elsif entry.layer <> 'ops' then
            execute format('alter schema %I owner to %I', entry.layer, entry.owner);
        end if;
    end loop;
end
$$;

-- Splink compares names by levenshtein().
create extension if not exists fuzzystrmatch with schema public;
