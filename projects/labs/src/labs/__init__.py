"""The lab runner: loads, builds, tests and inspects independent DuckDB labs, and makes new ones."""
