-- What a target calls a row of ours, where it gives ids of its own: later requests name the row by it.
alter table ops.delivery add column target_id varchar;
