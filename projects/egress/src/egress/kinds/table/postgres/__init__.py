"""A table of PostgreSQL, written to by COPY and a few statements for all rows."""
