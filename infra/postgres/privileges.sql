-- What each project may do besides owning its layers. Idempotent; run in the warehouse's database, after schemas.sql and
-- the tables of ops. Nobody may do anything that is not named here: what is granted to everyone is taken back first.

do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format(
        'grant connect, temporary on database %I to platform_ingress, platform_transformation, '
        'platform_entity_resolution, platform_egress, platform_reporting, platform_reader',
        current_database()
    );
end
$$;

-- Reading: a grant on the tables that are there, and a default for those that their owner will make.
do $$
declare
    entry record;
begin
    for entry in
        select * from (values
            ('raw', 'platform_ingress', 'platform_transformation, platform_reader'),
            ('staging', 'platform_transformation', 'platform_reader'),
            ('core', 'platform_transformation', 'platform_entity_resolution, platform_reporting, platform_reader'),
            ('egress', 'platform_transformation', 'platform_egress, platform_reporting, platform_reader'),
            ('master', 'platform_entity_resolution', 'platform_transformation, platform_reporting, platform_reader'),
            ('reporting', 'platform_reporting', 'platform_reader')
        ) as layers (layer, owner, readers)
    loop
        execute format('grant usage on schema %I to %s', entry.layer, entry.readers);
        execute format('grant select on all tables in schema %I to %s', entry.layer, entry.readers);
        execute format(
            'alter default privileges for role %I in schema %I grant select on tables to %s',
            entry.owner, entry.layer, entry.readers
        );
    end loop;
end
$$;

-- What the platform keeps about itself: everybody enters their runs, nobody takes any out.
revoke all on all tables in schema ops from
platform_ingress, platform_transformation, platform_entity_resolution, platform_egress, platform_reporting, platform_reader;
revoke all on all sequences in schema ops from
platform_ingress, platform_transformation, platform_entity_resolution, platform_egress, platform_reporting, platform_reader;
grant usage on schema ops to
platform_ingress, platform_transformation, platform_entity_resolution, platform_egress, platform_reporting, platform_reader;
grant select on ops.identity, ops.layout, ops.run, ops.run_output, ops.run_metric, ops.run_version to
platform_ingress, platform_transformation, platform_entity_resolution, platform_egress, platform_reporting, platform_reader;
grant insert, update on ops.run, ops.run_output, ops.run_metric, ops.run_version to
platform_ingress, platform_transformation, platform_entity_resolution, platform_egress, platform_reporting;
grant usage on sequence ops.run_sequence to
platform_ingress, platform_transformation, platform_entity_resolution, platform_egress, platform_reporting;
-- Who owns the tables of a layer brings them up to date, and writes down how far.
grant insert, update on ops.layout to platform_entity_resolution;
grant select, insert, update on ops.quarantine to platform_ingress, platform_egress;
grant select, insert, update on ops.source_file to platform_ingress;
grant select, insert, update on ops.delivery to platform_egress;
grant select on ops.source_file, ops.delivery to platform_reporting, platform_reader;
-- Reports count bad rows. What is in them is persons' data, which reporting does not see.
grant select on ops.quarantine to platform_reader;
grant select (
    quarantine_id, run_id, source, resource, reason, first_seen_at, last_seen_at, resolved_at
) on ops.quarantine to platform_reporting;
-- Expectations are checked as transformation, which may read what is checked; samples of failing rows are rows of all
-- layers, so nobody else sees them but who may read those.
grant select, insert, update on ops.expectation, ops.expectation_row to platform_transformation;
grant delete on ops.expectation_row to platform_transformation;
grant select on ops.expectation, ops.expectation_row to platform_reporting, platform_reader;
