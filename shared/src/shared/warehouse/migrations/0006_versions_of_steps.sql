-- What each step was made from and what it made, by the run that made it: see `shared.monitoring.versions`.
create table ops.run_version (
    run_id varchar not null,
    step varchar not null,
    part varchar not null,
    name varchar not null,
    version varchar not null,
    primary key (run_id, step, part, name)
);
