"""dbt in this process, for environments that have it: run it, build a project on the warehouse, and what profiles.yml reads."""
