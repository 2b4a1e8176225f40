"""Rows to a table of another database, in one transaction a run."""
