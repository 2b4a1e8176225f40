"""A check on who reads the run ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.doctor.repo import Finding, Repo

READS = re.compile(r"\b(?:from|join)\s+(ops\.run(?:_output|_metric|_version)?)\b")


def the_ledger_is_read_in_one_place(repo: Repo) -> Iterator[Finding]:
    """No project has SQL of its own that reads the run ledger.

    Ask `shared.monitoring.history`, which also knows whether a run that says `running` still does.
    """
    for file in repo.files:
        if file.endswith(".py") and (file.startswith("tasks/") or "/src/" in file) and "/tests/" not in file:
            for number, line in enumerate(repo.texts[file].splitlines(), start=1):
                if (found := READS.search(line)) and not file.startswith("shared/src/shared/monitoring/"):
                    yield Finding(f"{file}:{number}", f"reads: `{found[1]}`")


CHECKS = (the_ledger_is_read_in_one_place,)
