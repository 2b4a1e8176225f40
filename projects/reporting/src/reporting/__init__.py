"""Reports on the warehouse: a dbt project with metrics, and charts and dashboards as code in Lightdash's format."""
