"""Hold charts and dashboards against Lightdash's schemas, dbt's manifest and one another."""

from reporting.lint.findings import Finding
from reporting.lint.models import model_findings
from reporting.lint.run import Result, lint

__all__ = ["Finding", "Result", "lint", "model_findings"]
