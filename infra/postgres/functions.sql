-- The server's own functions that are nobody's: those that run a text as SQL, that change the session or what outlives it,
-- and those of large objects. In a view they would be called by whoever reads it. Idempotent; run in each database by a
-- superuser.

do $$
declare
    entry record;
begin
    for entry in
        select oid::regprocedure as routine from pg_proc
        where
            pronamespace = 'pg_catalog'::regnamespace
            and (
                proname ~ '^lo_|_to_xml|^ts_stat$'
                or oid = 'ts_rewrite(tsquery, text)'::regprocedure
                or proname in ('loread', 'lowrite', 'set_config', 'setval', 'pg_notify', 'pg_logical_emit_message')
            )
    loop
        execute format('revoke all on function %s from public', entry.routine);
    end loop;
end
$$;
