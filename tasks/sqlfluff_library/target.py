"""What `sqlfluff lint` sees in place of dbt's `target`."""

type = "duckdb"
database = "warehouse"
