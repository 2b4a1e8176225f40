"""Rows from the JSON lists of an API."""
