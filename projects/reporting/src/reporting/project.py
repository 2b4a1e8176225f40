"""Where this project's files are, and whose part of the work it does."""

from __future__ import annotations

from pathlib import Path

from shared.warehouse import Role

# On an engine that knows roles.
ROLE: Role = "reporting"
PROJECT_DIR = Path(__file__).parents[2]
DASHBOARDS_DIR = PROJECT_DIR / "dashboards"
SOURCES = PROJECT_DIR / "models/_sources.yml"
