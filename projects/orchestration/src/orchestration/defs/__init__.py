"""What Dagster loads: a module for each part of the graph."""
