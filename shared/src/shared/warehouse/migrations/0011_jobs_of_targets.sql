-- Rows that a target has taken on as a job and not yet answered for: the next run asks after the job before it sends any.
create table ops.delivery_job (
    target varchar not null,
    job_id varchar not null,
    row_key varchar not null,
    place integer not null,
    payload_hash varchar not null,
    named varchar,
    request varchar not null,
    run_id varchar not null,
    begun_at timestamp not null,
    primary key (target, job_id, row_key)
);
