"""A check on who tells whether a step has anything to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.doctor.repo import Finding, Repo

HASHES = re.compile(
    r"^\s*(?:import|from) (hashlib|zlib|shared\.warehouse\.fingerprint)\b"
    r"|^from shared\.utils\.files import .*\b(sha256_of)\b"
    r"|\b((?:sum|string_agg|bit_xor)\(\{?(?:hash|md5|row_hash))\b"
)
VERSIONS = "shared/src/shared/monitoring/versions/"
# What else is hashed, and what for: by file.
MAY_HASH = {
    "projects/egress/src/egress/engine/sealed.py": "a plan, to be applied as it was made",
    "projects/egress/src/egress/engine/content.py": "what was delivered, by the state of what was sent",
    "projects/egress/src/egress/kinds/dlt/target.py": "a declaration, to tell two apart without telling their secrets",
    "projects/egress/src/egress/kinds/files/place.py": "a manifest, to know it again as the one that was written",
    "projects/egress/src/egress/kinds/files/target.py": "a file, to know it again as the one that was written",
    "projects/egress/src/egress/kinds/rest/calls.py": "the key of a request",
    "projects/entity-resolution/src/entity_resolution/engine/linking/definition.py": "what a model is made from",
    "projects/ingress/src/ingress/readers/rest/form.py": "the rows of a page, to tell one that comes again",
    "projects/orchestration/src/orchestration/graph/drops.py": "the key of a run that is asked for",
    "projects/orchestration/src/orchestration/graph/lists.py": "lists of projects, which need no warehouse",
    "projects/reporting/src/reporting/site/page.py": "the scripts that a page may run",
    "projects/research/src/research/matching.py": "which pairs belong to a sample",
    "projects/research/src/research/reading.py": "the record of a study",
    "projects/research/src/research/record.py": "the record of a study",
    "projects/transformation/src/transformation/comparison.py": "two warehouses, compared with each other",
    "shared/src/shared/config/settings.py": "the folder of a dbt project, by where it lies",
    "shared/src/shared/csv_monitor.py": "which files of a folder are loaded",
    "shared/src/shared/data_quality/quarantine.py": "the id of a row",
    "shared/src/shared/inspector/memory.py": "the name of a file",
    "shared/src/shared/monitoring/alerts/episodes.py": "the name of a failure",
    "shared/src/shared/monitoring/ledger.py": "the lock that a run's environment was made from",
    "shared/src/shared/places/local.py": "which files are loaded, by `ops.source_file`",
    "shared/src/shared/places/remote.py": "which files are loaded, where their server does not say",
    "shared/src/shared/tables/containers.py": "nothing: the error of what is packed",
    "shared/src/shared/tables/form.py": "a file that is packed, for whoever looks at it",
    "shared/src/shared/tables/survey.py": "a file, for whoever looks at it",
    "shared/src/shared/testing/hostile_acts.py": "nothing: it packs",
    "shared/src/shared/utils/files.py": "a file, for whoever asks",
    "shared/src/shared/warehouse/fingerprint.py": "rows, for whoever asks",
    "shared/src/shared/warehouse/postgres_engine.py": "the number of a lock",
    "shared/src/shared/warehouse/sql/dialect.py": "rows, for whoever asks",
}


def versions_are_told_in_one_place(repo: Repo) -> Iterator[Finding]:
    """No project tells by hashes of its own whether a step has anything to do.

    Ask `shared.monitoring.versions`, which keeps in the ledger what a step was made from. What is hashed for another
    purpose is named in MAY_HASH of tasks/doctor/versions.py.
    """
    for file in repo.files:
        if not file.endswith(".py") or "/src/" not in file or "/tests/" in file or file.startswith(VERSIONS):
            continue
        lines = enumerate(repo.texts[file].splitlines(), start=1)
        found = [(number, match) for number, line in lines if (match := HASHES.search(line))]
        if file not in MAY_HASH:
            for number, match in found:
                yield Finding(f"{file}:{number}", f"hashes by itself: `{match[match.lastindex or 0]}`")
        elif not found:
            yield Finding("tasks/doctor/versions.py", f"hashes nothing any more: `{file}`")


CHECKS = (versions_are_told_in_one_place,)
