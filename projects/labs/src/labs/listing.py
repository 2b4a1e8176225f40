"""What the labs are, for programs: `list --json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labs.expectations import suite_of
from labs.sources import SCHEMA, raw_tables
from shared.config import Settings
from shared.config.labs import Lab
from shared.data_quality.expectations import load_suite


def as_json(labs: Sequence[Lab], settings: Settings) -> str:
    """Return the labs with their raw tables and expectations, as JSON; no database is opened.

    Raises:
        ConfigurationError: A lab's raw tables cannot be read.
        InputError: A lab's suite has a mistake.
    """
    return json.dumps({"version": 1, "labs": [_described(lab, settings.root) for lab in labs]}, indent=2)


def _described(lab: Lab, root: Path) -> dict[str, Any]:
    return {
        "name": lab.name,
        "description": lab.description,
        "environment": lab.environment,
        "folder": _place(lab.folder, root),
        "database": _place(lab.database, root),
        "raw_dir": _place(lab.raw_dir, root),
        "raw": [
            {
                "name": table.name,
                "relation": f"{SCHEMA}.{table.name}",
                "description": table.description,
                "files": table.described,
                "fetched": table.elsewhere is not None,
                "settings": table.elsewhere.settings if table.elsewhere else {},
            }
            for table in raw_tables(lab)
        ],
        "expectations": _expectations(lab),
        "manifest": _place(lab.manifest, root),
    }


def _expectations(lab: Lab) -> list[dict[str, str]]:
    path = suite_of(lab)
    if not path.is_file():
        return []
    return [
        {
            "name": expectation.name,
            "relation": relation,
            "description": expectation.check.expected,
            "severity": expectation.severity,
        }
        for relation, table in load_suite(path).tables.items()
        for expectation in table.expect
    ]


def _place(path: Path, root: Path) -> str:
    """Return a path from the root, or as it is where the labs lie elsewhere."""
    whole = root.resolve()
    return (path.relative_to(whole) if path.is_relative_to(whole) else path).as_posix()
