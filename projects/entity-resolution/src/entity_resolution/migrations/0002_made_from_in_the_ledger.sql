-- What a resolution was made from is kept in `ops.run_version`, as of every step.
alter table master.resolution_run drop column fingerprint;
