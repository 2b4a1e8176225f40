"""One load of a source: what has changed is read, checked, loaded, and only then noted as done."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import pyarrow as pa

from ingress.deletions import Snapshot
from ingress.load import pipeline
from ingress.load.changes import counted, rows_of
from ingress.load.deletions import Marks
from ingress.load.job import FileMark, Job
from ingress.load.watermark import newest
from ingress.load.widening import widen
from ingress.source import Resource, Source, Watermark, name_of
from shared.config import Settings
from shared.data_quality import Quarantine
from shared.monitoring import Run
from shared.utils.clock import utc_now
from shared.utils.console import say
from shared.utils.files import sha256_of
from shared.warehouse import Warehouse


def load_source(
    run: Run,
    settings: Settings,
    source: Source,
    *,
    full: bool = False,
    on_request: Collection[str] = (),
    strict: bool = True,
    approved_deletes: int | None = None,
) -> None:
    """Load what is new of a source.

    A source is loaded as a whole: when one resource cannot be read, none is loaded. Files are noted in
    `ops.source_file` after their rows are committed; whoever is killed before that loads them again, which changes
    nothing.

    Args:
        full: Read files also when they are loaded as they are, and tables from their beginning.
        on_request: Which of the resources that are loaded only on request to load, as `source.resource`.
        strict: Whether it is an error that something is not there which is not required.
        approved_deletes: How many rows a snapshot may mark as deleted at most, instead of its guard's bounds.

    Raises:
        PlatformError: Something cannot be read or loaded.
    """
    jobs = []
    for resource in source.wanted(on_request):
        absent = None if strict else resource.absent(settings)
        if absent:
            run.leave_out(resource.relation, absent)
            continue
        files = files_to_read(run.warehouse, settings, source, resource, full=full)
        if files is None:
            say(f"  {source.name}.{resource.name}: unchanged")
            rows, origin = run.warehouse.row_count(resource.relation), resource.origin(settings)
            run.output(resource.relation, rows=rows, detail={"unchanged": True}, origin=origin)
            continue
        widen(run.warehouse, resource)
        since = None if full else newest(run.warehouse, resource)
        jobs.append(opened(run, settings, source, resource, files, since))
    if jobs:
        tables = {job.resource.name: (job.resource, job.rows) for job in jobs}
        load = pipeline.load(run.warehouse, source.name, tables, lambda: guard(jobs, approved_deletes))
        for job in jobs:
            finish(run, settings, source, job, load)


def guard(jobs: Iterable[Job], approved: int | None) -> None:
    """Stop the load of a source when one of its snapshots has lost too many rows."""
    for job in jobs:
        job.marks.guard(approved)


def opened(
    run: Run, settings: Settings, source: Source, resource: Resource, files: list[FileMark], since: Watermark | None
) -> Job:
    """Open a resource's input, and the stream of keys that are gone from it, where it has one."""
    gone = resource.tombstones
    rows = None
    if gone is not None and gone.reader.absent(settings) is None:
        there = [mark(path, settings) for path in gone.reader.files(settings)]
        rows = opened(run, settings, source, gone, there, None).tombstones
    marks = Marks(run.warehouse, resource, run.id, rows)
    found = resource.reader.read(resource, settings, [file.path for file in files], since)
    quarantine = Quarantine(run.warehouse, run.id, source.name, resource.name)
    return Job(resource, files, found, quarantine, marks, rows_of(run.warehouse, resource))


def files_to_read(
    warehouse: Warehouse, settings: Settings, source: Source, resource: Resource, *, full: bool
) -> list[FileMark] | None:
    """Return the files to read, or None where all of them are loaded as they are.

    After the first file that has changed all later ones are read again: the later file wins a key, and must win it
    also when an earlier one is corrected.
    """
    marks = [mark(path, settings) for path in resource.reader.files(settings)]
    snapshot = isinstance(resource.deletions, Snapshot) and resource.deletions
    if snapshot and snapshot.newest:
        marks = marks[-1:]
    if full or resource.tombstones or not marks or not warehouse.table_exists(resource.relation):
        return marks
    loaded = warehouse.fetch(
        "select path, sha256 from ops.source_file where source = $1 and resource = $2 and sha256 <> ''",
        [source.name, resource.name],
    )
    changed = [at for at, file in enumerate(marks) if (file.name, file.sha256) not in loaded]
    if snapshot:
        # All of them are all rows: one that is gone changes that too.
        return marks if changed or len(loaded) > len(marks) else None
    return marks[changed[0] :] if changed else None


def mark(path: Path, settings: Settings) -> FileMark:
    """Take a file's hash and size."""
    return FileMark(path, name_of(path, settings), sha256_of(path), path.stat().st_size)


def finish(run: Run, settings: Settings, source: Source, job: Job, load: str) -> None:
    """Mark what is gone, note what was loaded, and report it."""
    resource, extras = job.resource, job.input.extras
    job.marks.gather()
    with run.warehouse.transaction():
        job.counts["deleted"] = job.marks.mark(load)
        job.counts.update(counted(run.warehouse, resource, load, before=job.before, loaded=job.counts["kept"]))
        job.counts["resolved"] = job.resolve()
        note_files(run, source, job)
        detail: dict[str, object] = {**job.counts, "extra_columns": list(extras), "since": job.input.since}
        origin = resource.origin(settings, () if resource.contract == "report" else extras)
        run.output(resource.relation, rows=run.warehouse.row_count(resource.relation), detail=detail, origin=origin)
    job.marks.close()
    say(f"  {source.name}.{job.resource.name}: {job.summary()}")


def note_files(run: Run, source: Source, job: Job) -> None:
    """Note the files of a job as loaded, and of a snapshot no others."""
    if isinstance(job.resource.deletions, Snapshot):
        run.warehouse.execute(
            "update ops.source_file set sha256 = '' where source = $1 and resource = $2",
            [source.name, job.resource.name],
        )
    records = [
        {
            "source": source.name,
            "resource": job.resource.name,
            "path": file.name,
            "sha256": file.sha256,
            "bytes": file.size,
            "row_count": job.read[file.name],
            "run_id": run.id,
            "loaded_at": utc_now(),
        }
        for file in job.files
    ]
    if records:
        run.warehouse.merge_arrow("ops.source_file", pa.Table.from_pylist(records), key=("source", "resource", "path"))
