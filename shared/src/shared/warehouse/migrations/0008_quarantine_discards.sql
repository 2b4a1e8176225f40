-- Rows of the quarantine that somebody has decided to do without: when, in which run, and why. `resolved_at` is set with
-- them, so that a row without it is one that is open.
alter table ops.quarantine add column discarded_at timestamp;
alter table ops.quarantine add column discarded_by varchar;
alter table ops.quarantine add column discarded_because varchar;
