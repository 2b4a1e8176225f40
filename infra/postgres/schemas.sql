-- The layers, each written by one project, and the schemas that a project has for itself. Idempotent; run in the
-- warehouse's database, after roles.sql. The schemas belong to the administrator, so that no project can drop one or
-- let others in; what is in them belongs to who made it.

do $$
declare
    entry record;
begin
    for entry in select unnest(writes || scratch) as layer from declared loop
        -- Not `if not exists`, which asks for the right to create schemas also where they are there.
        if not exists (select from pg_namespace where nspname = entry.layer) then
            execute format('create schema %I', entry.layer);
        end if;
    end loop;
end
$$;

-- Splink compares names by levenshtein().
create extension if not exists fuzzystrmatch with schema public;
