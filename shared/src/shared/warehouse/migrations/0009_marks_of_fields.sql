-- What a target has of a row, field by field, as short marks from which no value can be read: they say which fields an
-- update changes. Null where the target has nothing, or nobody knows.
alter table ops.delivery add column field_marks varchar;
