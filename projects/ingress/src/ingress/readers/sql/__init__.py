"""Rows from databases."""
