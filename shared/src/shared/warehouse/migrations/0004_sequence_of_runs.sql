-- The order in which runs were begun, which clocks do not tell. Whoever enters a run takes the next number: a default that
-- does would keep DuckDB 1.5 from opening the file again after a kill.
create sequence ops.run_sequence;
alter table ops.run add column sequence bigint default 0;
alter table ops.run alter column sequence set not null;
alter table ops.run alter column sequence drop default;
update ops.run set sequence = ordered.number
from (
    select
        run_id,
        row_number() over (order by started_at, run_id) as number
    from ops.run
) as ordered
where ordered.run_id = run.run_id;
-- The next number comes after those of all that are there.
select count(nextval('ops.run_sequence')) from ops.run;
