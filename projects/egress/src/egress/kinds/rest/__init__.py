"""Rows to a REST API, in requests whose answers say what became of each row."""
