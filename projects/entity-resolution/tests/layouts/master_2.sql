-- Layout 2: what a resolution was made from is in the ledger.
create table "master"."entity_xref" (
        party_id varchar primary key, entity_id varchar not null, source_system varchar not null,
        source_id varchar not null, resolved_at timestamp not null, run_id varchar not null);
create table "master"."golden_customer" (
        entity_id varchar primary key, given_name varchar, surname varchar, street_number varchar, address_1 varchar,
        address_2 varchar, suburb varchar, postcode varchar, state varchar, date_of_birth date,
        party_count bigint not null, source_systems varchar not null, crm_customer_id varchar,
        loyalty_member_id varchar, household_id bigint, resolved_at timestamp not null, run_id varchar not null);
create table "master"."resolution_quality" (
        run_id varchar not null, measure varchar primary key, value double precision not null);
create table "master"."resolution_run" (
        run_id varchar primary key, model varchar not null, threshold double precision not null, resolved_at timestamp not null);
insert into master.entity_xref values
    ('crm:1', 'E-crm:1', 'crm', '1', timestamp '2026-01-01 00:00:00', 'r'),
    ('loyalty:7', 'E-crm:1', 'loyalty', '7', timestamp '2026-01-01 00:00:00', 'r');
insert into master.golden_customer values
    ('E-crm:1', 'ada', 'ølund', '1', 'a street', null, 'oslo', '0150', null, date '1970-01-31', 2, 'crm,loyalty', '1', '7', 12,
    timestamp '2026-01-01 00:00:00', 'r');
insert into master.resolution_quality values ('r', 'parties', 2), ('r', 'entities', 1);
insert into master.resolution_run values ('r', 'model', 0.5, timestamp '2026-01-01 00:00:00');
