-- What was resolved before entities were declared was the customer. Tables with a key of its own are made anew: not
-- every engine can change that.
alter table master.entity_xref rename to customer_xref;

create table master.resolution_measure (
    entity varchar not null,
    run_id varchar not null,
    measure varchar not null,
    value double precision not null,
    primary key (entity, measure)
);
insert into master.resolution_measure (entity, run_id, measure, value)
select 'customer', run_id, measure, value from master.resolution_quality;
drop table master.resolution_quality;
alter table master.resolution_measure rename to resolution_quality;

create table master.entity_run (
    entity varchar primary key,
    run_id varchar not null,
    model varchar not null,
    threshold double precision not null,
    resolved_at timestamp not null
);
insert into master.entity_run (entity, run_id, model, threshold, resolved_at)
select 'customer', run_id, model, threshold, resolved_at from master.resolution_run;
drop table master.resolution_run;
alter table master.entity_run rename to resolution_run;

create table master.resolution_size (
    entity varchar not null,
    party_count bigint not null,
    source_systems varchar not null,
    entities bigint not null,
    parties bigint not null,
    primary key (entity, party_count, source_systems)
);
insert into master.resolution_size (entity, party_count, source_systems, entities, parties)
select 'customer', party_count, source_systems, count(*), sum(party_count)
from master.golden_customer group by party_count, source_systems;

alter table if exists master.threshold_sweep add column if not exists entity varchar default 'customer';
