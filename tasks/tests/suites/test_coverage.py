"""What `coverage` says of each project and of the modules of which the tests run too little."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tasks.suites.coverage import NO_REASON, REASONS, as_text, shares

ROOT = Path(__file__).parents[3]


def figures(statements: int, covered: int) -> dict[str, Any]:
    """Return a module's figures as coverage has them: half as many branches as statements, none of them run."""
    counts = {"num_statements": statements, "covered_lines": covered, "num_branches": statements // 2}
    return {"summary": {**counts, "covered_branches": 0}}


def test_a_project_has_its_share_and_a_module_below_nine_tenths_its_reason() -> None:
    """Statements and branches count alike; a module of which too little is run says why, or that nobody does."""
    found = shares(
        {
            "files": {
                "projects/ingress/src/ingress/told.py": figures(20, 15),
                "projects/ingress/src/ingress/untold.py": figures(10, 3),
                "./tasks/whole.py": {
                    "summary": {"num_statements": 5, "covered_lines": 5, "num_branches": 0, "covered_branches": 0}
                },
            }
        }
    )
    assert as_text(found, {"projects/ingress/src/ingress/told.py": "it is killed"}).splitlines() == [
        " 40.0 %  projects/ingress: 18 of 45 statements and branches",
        f"            20.0 %  projects/ingress/src/ingress/untold.py: {NO_REASON}",
        "            50.0 %  projects/ingress/src/ingress/told.py: it is killed",
        "100.0 %  tasks: 5 of 5 statements and branches",
    ]


def test_reasons_are_of_modules_that_there_are() -> None:
    """A module that has moved takes its reason along."""
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    assert [file for file in reasons if not (ROOT / file).is_file()] == []
    assert all(reasons.values())
