"""Turns raw tables into the staging, core and egress layers: a command around the dbt project beside it."""
