"""Drives every project as one graph of assets with Dagster, each step in its own project's environment."""
