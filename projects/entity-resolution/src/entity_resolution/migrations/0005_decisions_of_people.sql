-- What people have decided of single values of golden records, whatever the rules would choose: one a field.
create table master.entity_override (
    entity varchar not null,
    entity_id varchar not null,
    field varchar not null,
    value varchar not null,
    reason varchar not null,
    set_by varchar not null,
    set_at timestamp not null,
    run_id varchar not null,
    primary key (entity, entity_id, field)
);
