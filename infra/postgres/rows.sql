-- Whose rows of ops a role may see and change: those of its own runs. The ledger is read by everybody; rows in quarantine
-- are not, by whoever keeps its own there. Idempotent; run in the warehouse's database, after the tables of ops.
-- A policy that is there is left alone, since changing one waits for everybody who reads the table: one that is to say
-- something else gets another name. Logins that are not the platform's have what they were granted.

-- The first layout did not say whose a run was.
update ops.run set role = declared.role
from declared
where run.role is null and run.step = declared.command;

do $$
declare
    entry record;
    of_run constant text :=
        'exists (select from ops.run where run.run_id = %I.run_id and current_user = ''platform_'' || run.role)';
    others constant text := '(select not starts_with(current_user::text, ''platform_''))';
    keeps_none constant text := '(select not has_table_privilege(''ops.quarantine'', ''insert''))';
begin
    for entry in
        select
            relid::regclass as relation,
            relation_name,
            case relation_name when 'run' then 'current_user = ''platform_'' || role' else format(of_run, relation_name) end as own,
            case relation_name when 'quarantine' then keeps_none else 'true' end as readable
        from (
            select
                relation_name,
                format('ops.%I', relation_name)::regclass as relid
            from unnest(array['run', 'run_output', 'run_metric', 'run_version', 'quarantine']) as names (relation_name)
        ) as relations
    loop
        if not exists (select from pg_policy where polrelid = entry.relation and polname = 'own_rows') then
            execute format('create policy own_rows on %s using (%s or %s)', entry.relation, others, entry.own);
            execute format('create policy readable_rows on %s for select using (%s)', entry.relation, entry.readable);
        end if;
        if not (select relrowsecurity from pg_class where oid = entry.relation) then
            execute format('alter table %s enable row level security', entry.relation);
        end if;
    end loop;
end
$$;
