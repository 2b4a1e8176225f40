"""dbt in this process, for environments that have it: run it, build a project, and what its profiles.yml reads."""
