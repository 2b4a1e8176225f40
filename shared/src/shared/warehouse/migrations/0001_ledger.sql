-- What the platform keeps about itself. Timestamps are UTC. Every layout, also of later platforms, has the columns of
-- `ops.identity`: from them any platform can tell which layout a database has.

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
    error varchar
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
    resolved_at timestamp
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
