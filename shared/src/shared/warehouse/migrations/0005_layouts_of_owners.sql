-- Which layout the tables have that projects keep in layers of their own; that of `ops` stands in `ops.identity`.
create table ops.layout (
    owner varchar primary key,
    version integer not null,
    migrated_at timestamp not null
);
