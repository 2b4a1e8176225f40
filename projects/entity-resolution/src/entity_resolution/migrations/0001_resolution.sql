-- The tables of master. They were made before layouts had numbers, so they may be there.
create table if not exists master.entity_xref (
    party_id varchar primary key,
    entity_id varchar not null,
    source_system varchar not null,
    source_id varchar not null,
    resolved_at timestamp not null,
    run_id varchar not null
);

create table if not exists master.golden_customer (
    entity_id varchar primary key,
    given_name varchar,
    surname varchar,
    street_number varchar,
    address_1 varchar,
    address_2 varchar,
    suburb varchar,
    postcode varchar,
    state varchar,
    date_of_birth date,
    party_count bigint not null,
    source_systems varchar not null,
    crm_customer_id varchar,
    loyalty_member_id varchar,
    household_id bigint,
    resolved_at timestamp not null,
    run_id varchar not null
);

create table if not exists master.resolution_quality (
    run_id varchar not null,
    measure varchar primary key,
    value double precision not null
);

create table if not exists master.resolution_run (
    run_id varchar primary key,
    fingerprint varchar not null,
    model varchar not null,
    threshold double precision not null,
    resolved_at timestamp not null
);
