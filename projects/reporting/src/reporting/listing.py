"""What reporting makes: `list`, for programs."""

from __future__ import annotations

import json
import os

from reporting.content import load_content
from reporting.project import DASHBOARDS_DIR, PROJECT_DIR, ROLE
from reporting.site.build import STEP
from reporting.site.page import plan_page
from shared.config import Settings
from shared.dbt.environment import dbt_environment
from shared.dbt.run import write_project_manifest


def as_json(settings: Settings) -> str:
    """Return where dbt's manifest of the models is, written now, and of which tables the page is made.

    Raises:
        ConfigurationError: A dashboard cannot be read.
        PlatformError: dbt cannot read the project.
    """
    manifest = write_project_manifest(dbt_environment(settings, PROJECT_DIR, ROLE))
    page = {
        "name": STEP,
        "description": "All dashboards, in one file that opens without a server.",
        "reads": sorted(plan_page(load_content(settings)).relations),
        "code": DASHBOARDS_DIR.relative_to(settings.root).as_posix(),
    }
    return json.dumps({"version": 1, "manifest": os.path.relpath(manifest, settings.root), "pages": [page]}, indent=2)
