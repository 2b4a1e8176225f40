-- The layers, each written by one project. Idempotent; run in the warehouse's database, after roles.sql. The schemas belong
-- to the administrator, so that no project can drop one or let others in; what is in them belongs to who made it.
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
            ('reporting', 'platform_reporting')
        ) as layers (layer, writer)
    loop
        -- Not `if not exists`, which asks for the right to create schemas also where they are there.
        if not exists (select from pg_namespace where nspname = entry.layer) then
            execute format('create schema %I', entry.layer);
        end if;
        execute format('grant usage, create on schema %I to %I', entry.layer, entry.writer);
    end loop;
end
$$;

-- Splink compares names by levenshtein().
create extension if not exists fuzzystrmatch with schema public;
