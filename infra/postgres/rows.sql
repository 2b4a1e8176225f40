-- Whose rows of ops a role may see and change: those of its own runs. The ledger is read by everybody; rows in quarantine
-- are not, by whoever keeps its own there. Idempotent; run in the warehouse's database, after declared.sql and the tables
-- of ops. A policy that is there is left alone, since changing one waits for everybody who reads the table: one that is
-- to say something else gets another name.

-- The first layout did not say whose a run was.
update ops.run set role = declared.role
from declared
where run.role is null and run.step = declared.command;

do $$
declare
    entry record;
begin
    -- Policies are given to roles and do not ask who the user is: through a view, rows are its owner's to see.
    create temporary table wanted on commit drop as
    with relations as (
        select name, format('ops.%I', name)::regclass as relation, name = 'quarantine' as is_kept
        from unnest(array['run', 'run_output', 'run_metric', 'run_version', 'quarantine']) as names (name)
    ),
    roles as (
        select
            login,
            role,
            exists (
                select from jsonb_to_recordset(grants) as granted (privilege text, "table" text)
                where privilege = 'insert' and "table" = 'quarantine'
            ) as keeps
        from declared
    )
    select
        relation,
        'own_' || login as policy,
        format(
            'to %I using (%s)',
            login,
            case
                when name = 'run' then format('role = %L', role)
                else format('exists (select from ops.run where run.run_id = %I.run_id and run.role = %L)', name, role)
            end
        ) as definition
    from relations cross join roles
    where role is not null and (keeps or not is_kept)
    union all
    select relation, 'all_' || login, format('for select to %I using (true)', login)
    from relations cross join roles
    where not (keeps and is_kept)
    union all
    -- Who is not the platform's has what was granted to them.
    select
        relation,
        'others',
        format(
            'using (not starts_with(current_user::text, ''platform_'') and has_any_column_privilege(%L, ''select''))', relation
        )
    from relations;

    for entry in
        select polname, polrelid::regclass as relation
        from pg_policy
        where polrelid in (select relation from wanted) and (polrelid, polname) not in (select relation, policy::name from wanted)
    loop
        execute format('drop policy %I on %s', entry.polname, entry.relation);
    end loop;
    for entry in
        select relation, policy, definition
        from wanted
        where (relation, policy::name) not in (select polrelid, polname from pg_policy)
    loop
        execute format('create policy %I on %s %s', entry.policy, entry.relation, entry.definition);
    end loop;
    for entry in
        select distinct relation
        from wanted join pg_class on pg_class.oid = relation
        where not relrowsecurity
    loop
        execute format('alter table %s enable row level security', entry.relation);
    end loop;
end
$$;
