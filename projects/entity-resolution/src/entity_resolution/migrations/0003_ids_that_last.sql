-- Ids outlive what they were given for. The ids that there are become the first history.
create table master.customer_history (
    entity_id varchar not null,
    present_id varchar,
    status varchar not null,
    given_in bigint not null,
    ended_in bigint
);
create index customer_history_id on master.customer_history (entity_id);

create table master.customer_former_member (
    entity_id varchar not null,
    party_id varchar not null,
    primary key (entity_id, party_id)
);

create table master.customer_event (
    revision bigint not null,
    entity_id varchar not null,
    event varchar not null,
    reason varchar not null,
    records_before bigint not null,
    records_after bigint not null,
    members_before varchar not null,
    members_after varchar not null,
    happened_at timestamp not null,
    run_id varchar not null,
    primary key (revision, entity_id, event)
);

insert into master.customer_history (entity_id, present_id, status, given_in)
select distinct entity_id, entity_id, 'present', 0 from master.entity_xref;
