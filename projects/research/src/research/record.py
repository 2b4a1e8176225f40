"""What ran, on which data, with what, and what came of it: `record.json` beside the page of a run."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from research.study import Study
from shared.config import Settings
from shared.errors import PlatformError, was_interrupted
from shared.monitoring.ledger import lock_hash
from shared.utils.files import write_whole
from shared.utils.processes import run

Status = Literal["succeeded", "failed", "interrupted"]
RECORD = "record.json"
GIT_SECONDS = 60.0


@dataclass(frozen=True)
class Record:
    """One run of a study.

    Attributes:
        run: Its name, which begins with when it started.
        sample: The share of units that was read.
        data: By query: `rows`, `fingerprint`, `relations`.
        warehouse: `engine`, `id` and `location` of what was read, and for how many seconds it was open.
        software: Python, the packages that research asks for, the hash of its lock.
        code: The hash of the notebook, and the commit with whether files differ from it, where git tells.
    """

    run: str
    study: str
    title: str
    status: Status
    started_at: str
    seconds: float
    sample: float
    parameters: dict[str, Any]
    metrics: dict[str, float]
    data: dict[str, dict[str, Any]]
    warehouse: dict[str, Any]
    software: dict[str, Any]
    code: dict[str, Any]
    error: str | None = None


def make_record(
    study: Study, *, run: str, started_at: str, seconds: float, notebook: Path, error: BaseException | None
) -> Record:
    """Return the record of a run that has ended."""
    snapshots = study.snapshots
    return Record(
        run=run,
        study=study.name,
        title=study.title,
        status=status_of(error),
        started_at=started_at,
        seconds=round(seconds, 3),
        sample=study.sample,
        parameters=dict(study.parameters),
        metrics=study.metrics,
        data={name: dataclasses.asdict(facts) for read in snapshots for name, facts in read.sources.items()},
        warehouse={
            "engine": snapshots[0].engine,
            "id": snapshots[0].warehouse_id,
            "location": snapshots[0].location,
            "seconds_open": [read.seconds for read in snapshots],
        }
        if snapshots
        else {},
        software=software(study.places.settings),
        code={"notebook_sha256": hashlib.sha256(notebook.read_bytes()).hexdigest(), **commit(study.places.folder)},
        error=f"{type(error).__name__}: {error}" if error else None,
    )


def status_of(error: BaseException | None) -> Status:
    """Return the status of a run that this has ended."""
    if error is None:
        return "succeeded"
    return "failed" if isinstance(error, Exception) and not was_interrupted(error) else "interrupted"


def software(settings: Settings) -> dict[str, Any]:
    """Return what the run was made with."""
    environment = os.environ.get("PIXI_ENVIRONMENT_NAME")
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in metadata.requires("research") or ()]
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "environment": environment,
        "lock_sha256": lock_hash(settings, environment),
        "packages": {name: metadata.version(name) for name in sorted({*names, "duckdb"})},
    }


def commit(folder: Path) -> dict[str, Any]:
    """Return the commit that is checked out, and whether files differ from it; nothing where git cannot tell."""
    try:
        head = git(folder, "rev-parse", "HEAD")
        return {"commit": head.strip(), "changed": bool(git(folder, "status", "--porcelain", "--", ".").strip())}
    except (OSError, PlatformError):
        return {}


def git(folder: Path, *arguments: str) -> str:
    """Return what git says.

    Raises:
        PlatformError: It says no, or hangs.
    """
    done = run(["git", "-C", str(folder), *arguments], seconds=GIT_SECONDS)
    if done.returncode:
        raise PlatformError(f"git says no: {done.stderr.strip()}")
    return done.stdout


def write_record(record: Record, folder: Path) -> None:
    """Write a record in one step."""
    write_whole(folder / RECORD, json.dumps(dataclasses.asdict(record), indent=2, default=str) + "\n")


def read_records(outputs: Path, study: str) -> list[Record]:
    """Return the records of a study's runs, the oldest first; a run that was killed has none."""
    paths = sorted((outputs / study).glob(f"*/{RECORD}"))
    return [Record(**json.loads(path.read_text(encoding="utf-8"))) for path in paths]
