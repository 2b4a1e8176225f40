-- Layout 2 as commit c654494 made it, with rows in every table.
create table if not exists ops.identity (
    id varchar primary key,
    name varchar not null,
    layout_version integer not null,
    created_at timestamp not null
);

create table if not exists ops.run (
    run_id varchar primary key,
    role varchar,
    step varchar not null,
    command varchar not null,
    status varchar not null,
    environment varchar,
    python_version varchar not null,
    host varchar not null,
    pid integer not null,
    started_at timestamp not null,
    finished_at timestamp,
    error varchar
);

create table if not exists ops.run_output (
    run_id varchar not null,
    relation varchar not null,
    row_count bigint not null,
    detail varchar not null,
    primary key (run_id, relation)
);

create table if not exists ops.run_metric (
    run_id varchar not null,
    name varchar not null,
    value double precision not null,
    primary key (run_id, name)
);

create table if not exists ops.quarantine (
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
    resolved_at timestamp
);

create table if not exists ops.source_file (
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

create table if not exists ops.delivery (
    target varchar not null,
    row_key varchar not null,
    payload_hash varchar not null,
    status varchar not null,
    receipt varchar,
    run_id varchar not null,
    delivered_at timestamp not null,
    primary key (target, row_key)
);

-- From layout 1, which did not say whose run it was.
alter table ops.run add column if not exists role varchar;

insert into ops.identity values ('an id', 'warehouse', 2, timestamp '2026-01-01 00:00:00');
insert into ops.run (run_id, step, command, status, environment, python_version, host, pid, started_at, finished_at, error)
values
    ('second', 'transform', 'build', 'failed', 'transformation', '3.11.7', 'a host', 2, timestamp '2026-01-01 10:00:00', timestamp '2026-01-01 10:00:30', 'BuildFailed: x'),
    ('third', 'ingest', 'run', 'running', null, '3.10.13', 'a host', 3, timestamp '2026-01-02 09:00:00', null, null),
    ('first', 'ingest', 'run', 'succeeded', null, '3.10.13', 'a host', 1, timestamp '2026-01-01 09:00:00', timestamp '2026-01-01 09:01:00', null);
insert into ops.run_output values ('first', 'raw.t', 3, '{"kept": 3}'), ('second', 'crm', 0, '{}');
insert into ops.run_metric values ('second', 'tests_failed', 2), ('second', 'f1', 0.6);
insert into ops.quarantine values
    ('q1', 'first', 'crm', 'customers', 'a.csv', 1, 'postcode', '{"surname": "ølund"}', timestamp '2026-01-01 09:00:30', timestamp '2026-01-01 09:00:30', null),
    ('q2', 'first', 'crm', 'customers', 'a.csv', 2, 'id', '{}', timestamp '2026-01-01 09:00:30', timestamp '2026-01-01 09:00:31', timestamp '2026-01-02 09:00:30');
insert into ops.source_file values ('crm', 'customers', 'a.csv', 'abc', 17, 3, 'first', timestamp '2026-01-01 09:00:31');
insert into ops.delivery values
    ('crm', '1', 'abc', 'delivered', 'receipt', 'second', timestamp '2026-01-01 10:00:10'),
    ('crm', '2', 'def', 'rejected', null, 'second', timestamp '2026-01-01 10:00:11');
update ops.run set role = 'ingress' where step = 'ingest';
