-- What pairs were found by, beside the model: only where it is the same are new records linked with what is there.
alter table master.resolution_run add column basis varchar;
