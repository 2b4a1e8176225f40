-- Layout 6 as commit 21baa39 made it, with rows in every table.
create table ops.identity (
    id varchar primary key,
    name varchar not null,
    layout_version integer not null,
    created_at timestamp not null
);

create table ops.run (
    run_id varchar primary key,
    step varchar not null,
    command varchar not null,
    status varchar not null,
    environment varchar,
    python_version varchar not null,
    host varchar not null,
    pid integer not null,
    started_at timestamp not null,
    finished_at timestamp,
    error varchar,
    role varchar,
    sequence bigint not null
);

create table ops.run_output (
    run_id varchar not null,
    relation varchar not null,
    row_count bigint not null,
    detail varchar not null,
    primary key (run_id, relation)
);

create table ops.run_metric (
    run_id varchar not null,
    name varchar not null,
    value double precision not null,
    primary key (run_id, name)
);

create table ops.quarantine (
    quarantine_id varchar primary key,
    run_id varchar not null,
    source varchar not null,
    resource varchar not null,
    origin varchar not null,
    "position" bigint not null,
    reason varchar not null,
    payload varchar not null,
    first_seen_at timestamp not null,
    last_seen_at timestamp not null,
    resolved_at timestamp,
    discarded_at timestamp,
    discarded_by varchar,
    discarded_because varchar
);

create table ops.source_file (
    source varchar not null,
    resource varchar not null,
    path varchar not null,
    sha256 varchar not null,
    bytes bigint not null,
    row_count bigint not null,
    run_id varchar not null,
    loaded_at timestamp not null,
    primary key (source, resource, path)
);

create table ops.delivery (
    target varchar not null,
    row_key varchar not null,
    payload_hash varchar not null,
    status varchar not null,
    receipt varchar,
    run_id varchar not null,
    delivered_at timestamp not null,
    primary key (target, row_key)
);

create table ops.delivery_transaction (
    run_id varchar not null,
    target varchar not null,
    transaction_number bigint not null,
    target_table varchar not null,
    target_database varchar not null,
    marked boolean not null,
    primary key (run_id, target)
);

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

create sequence ops.run_sequence;

create table ops.layout (
    owner varchar primary key,
    version integer not null,
    migrated_at timestamp not null
);

create table ops.run_version (
    run_id varchar not null,
    step varchar not null,
    part varchar not null,
    name varchar not null,
    version varchar not null,
    primary key (run_id, step, part, name)
);

insert into ops.identity values ('an id', 'warehouse', 8, timestamp '2026-01-01 00:00:00');
insert into ops.run (run_id, step, command, status, environment, python_version, host, pid, started_at, finished_at, error, sequence)
values
    ('second', 'transform', 'build', 'failed', 'transformation', '3.11.7', 'a host', 2, timestamp '2026-01-01 10:00:00', timestamp '2026-01-01 10:00:30', 'BuildFailed: x', 2),
    ('third', 'ingest', 'run', 'running', null, '3.10.13', 'a host', 3, timestamp '2026-01-02 09:00:00', null, null, 3),
    ('first', 'ingest', 'run', 'succeeded', null, '3.10.13', 'a host', 1, timestamp '2026-01-01 09:00:00', timestamp '2026-01-01 09:01:00', null, 1);
insert into ops.run_output values
    ('first', 'raw.t', 3, '{"kept": 3}'),
    ('first', 'settled', 0, '{"transaction": 699, "table": "public.s", "database": "postgresql://a/b"}'),
    ('first', 'table', 2, '{"sent": 2, "transaction": 700, "table": "public.t", "database": "postgresql://a/b", "marked": true}'),
    ('second', 'crm', 0, '{}'),
    ('second', 'settled', 0, '{"transaction": 701, "table": "public.s", "database": "postgresql://a/b", "deleted": 1, "marked": true}'),
    ('second', 'table', 0, '{"transaction": 4294967999, "table": "public.t", "database": "postgresql://a/b"}');
insert into ops.run_metric values ('second', 'tests_failed', 2), ('second', 'f1', 0.6);
insert into ops.quarantine values
    ('q1', 'first', 'crm', 'customers', 'a.csv', 1, 'postcode', '{"surname": "ølund"}', timestamp '2026-01-01 09:00:30', timestamp '2026-01-01 09:00:30', null, null, null, null),
    ('q2', 'first', 'crm', 'customers', 'a.csv', 2, 'id', '{}', timestamp '2026-01-01 09:00:30', timestamp '2026-01-01 09:00:31', timestamp '2026-01-02 09:00:30', timestamp '2026-01-02 09:00:30', 'second', 'old');
insert into ops.source_file values ('crm', 'customers', 'a.csv', 'abc', 17, 3, 'first', timestamp '2026-01-01 09:00:31');
insert into ops.delivery values
    ('crm', '1', 'abc', 'delivered', 'receipt', 'second', timestamp '2026-01-01 10:00:10'),
    ('crm', '2', 'def', 'rejected', null, 'second', timestamp '2026-01-01 10:00:11');
update ops.run set role = 'ingress' where step = 'ingest';
insert into ops.delivery_transaction values
    ('first', 'settled', 699, 'public.s', 'postgresql://a/b', true),
    ('first', 'table', 700, 'public.t', 'postgresql://a/b', true),
    ('second', 'settled', 701, 'public.s', 'postgresql://a/b', true),
    ('second', 'table', 4294967999, 'public.t', 'postgresql://a/b', false);
insert into ops.expectation values
    ('second', 'core.t', 'not_null', 'not_null', 'completeness', 'error', 'failed', 8, 1, 'no nulls', '1', null, '{}', timestamp '2026-01-01 10:00:20');
insert into ops.expectation_row values ('second', 'core.t', 'not_null', 0, '{"id": 1}', '{"id": 1, "v": null}');
insert into ops.run_version values ('first', 'ingest', 'input', 'a.csv', 'abc'), ('first', 'ingest', 'output', 'raw.t', 'def');
insert into ops.layout values ('master', 1, timestamp '2026-01-01 09:30:00');
select count(nextval('ops.run_sequence')) from ops.run;
