-- Outcomes of expectations, and samples of the rows that failed them.
create table ops.expectation (
    run_id varchar not null,
    relation varchar not null,
    name varchar not null,
    kind varchar not null,
    dimension varchar not null,
    severity varchar not null,
    status varchar not null,
    rows_checked bigint not null,
    rows_failed bigint,
    expected varchar not null,
    observed varchar not null,
    hint varchar,
    distribution varchar,
    checked_at timestamp not null,
    primary key (run_id, relation, name)
);

create table ops.expectation_row (
    run_id varchar not null,
    relation varchar not null,
    name varchar not null,
    "position" integer not null,
    row_key varchar not null,
    row_values varchar not null,
    primary key (run_id, relation, name, "position")
);
