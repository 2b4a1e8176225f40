-- Layout 4: tables of each entity, and those that all of them have a share in.
create table master.customer_xref (
        party_id varchar primary key, entity_id varchar not null, source_system varchar not null,
        source_id varchar not null, resolved_at timestamp not null, run_id varchar not null);
create table master.golden_customer (
        entity_id varchar primary key, given_name varchar, surname varchar, street_number varchar, address_1 varchar,
        address_2 varchar, suburb varchar, postcode varchar, state varchar, date_of_birth date,
        party_count bigint not null, source_systems varchar not null, crm_customer_id varchar,
        loyalty_member_id varchar, household_id bigint, resolved_at timestamp not null, run_id varchar not null);
create table master.customer_history (
        entity_id varchar not null, present_id varchar, status varchar not null, given_in bigint not null, ended_in bigint);
create index customer_history_id on master.customer_history (entity_id);
create table master.customer_former_member (
        entity_id varchar not null, party_id varchar not null, primary key (entity_id, party_id));
create table master.customer_event (
        revision bigint not null, entity_id varchar not null, event varchar not null, reason varchar not null,
        records_before bigint not null, records_after bigint not null, members_before varchar not null,
        members_after varchar not null, happened_at timestamp not null, run_id varchar not null,
        primary key (revision, entity_id, event));
create table master.resolution_quality (
        entity varchar not null, run_id varchar not null, measure varchar not null, value double precision not null,
        primary key (entity, measure));
create table master.resolution_run (
        entity varchar primary key, run_id varchar not null, model varchar not null, threshold double precision not null,
        resolved_at timestamp not null);
create table master.resolution_size (
        entity varchar not null, party_count bigint not null, source_systems varchar not null, entities bigint not null,
        parties bigint not null, primary key (entity, party_count, source_systems));
insert into master.customer_xref values
    ('crm:1', 'E-crm:1', 'crm', '1', timestamp '2026-01-01 00:00:00', 'r'),
    ('loyalty:7', 'E-crm:1', 'loyalty', '7', timestamp '2026-01-01 00:00:00', 'r');
insert into master.golden_customer values
    ('E-crm:1', 'ada', 'ølund', '1', 'a street', null, 'oslo', '0150', null, date '1970-01-31', 2, 'crm,loyalty', '1', '7', 12,
    timestamp '2026-01-01 00:00:00', 'r');
insert into master.customer_history values ('E-crm:1', 'E-crm:1', 'present', 0, null);
insert into master.customer_former_member values ('E-crm:1', 'crm:9');
insert into master.customer_event values
    (1, 'E-crm:1', 'merged', '1 from E-crm:9', 1, 2, '["crm:1"]', '["crm:1","loyalty:7"]', timestamp '2026-01-01 00:00:00', 'r');
insert into master.resolution_quality values ('customer', 'r', 'parties', 2), ('customer', 'r', 'entities', 1);
insert into master.resolution_run values ('customer', 'r', 'model', 0.5, timestamp '2026-01-01 00:00:00');
insert into master.resolution_size values ('customer', 2, 'crm,loyalty', 1, 2);
