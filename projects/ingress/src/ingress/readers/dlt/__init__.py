"""Rows from sources and resources of dlt, as they are."""
