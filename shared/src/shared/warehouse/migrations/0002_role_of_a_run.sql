alter table ops.run add column role varchar;
