"""Rows from files: tables of text, workbooks, lines of JSON and parquet, on this disk or behind a server."""
