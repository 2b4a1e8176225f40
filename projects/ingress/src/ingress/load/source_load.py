"""One load of a source: what has changed is read, checked, loaded, and only then noted as done."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa

from ingress.deletions import Snapshot
from ingress.gather.child import families, opened_inputs
from ingress.load.bad_rows import hold_to_share
from ingress.load.changes import counted, rows_of
from ingress.load.deletions import Marks
from ingress.load.emptied import drop_emptied
from ingress.load.job import Job
from ingress.load.watermark import newest_of_all
from ingress.load.widening import widen
from ingress.load.writing import load as write
from ingress.source import Resource, Source, Watermark
from shared.config import Settings
from shared.data_quality import Quarantine
from shared.monitoring import Run
from shared.places import FileMark
from shared.utils.clock import utc_now
from shared.utils.console import say
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
    jobs: list[Job] = []
    for resource, children in families(source.wanted(on_request)):
        absent = None if strict else resource.absent(settings)
        if absent:
            for each in (resource, *children):
                run.leave_out(each.relation, absent)
            continue
        files = files_to_read(run.warehouse, settings, source, resource, full=full)
        if files is None:
            say(f"  {source.name}.{resource.name}: unchanged")
            rows, origin = run.warehouse.row_count(resource.relation), resource.origin(settings)
            run.output(resource.relation, rows=rows, detail={"unchanged": True}, origin=origin)
            continue
        family = [resource, *children]
        for each in family:
            widen(run.warehouse, each)
        since = None if full else newest_of_all(run.warehouse, family)
        jobs += opened(run, settings, source, family, files, since)
    if jobs:
        tables = {job.resource.name: (job.resource, job.rows) for job in jobs}
        load = write(run.warehouse, source.name, tables, lambda session: make_way(session, jobs, approved_deletes))
        for job in jobs:
            finish(run, settings, source, job, load)


def make_way(session: Warehouse, jobs: Sequence[Job], approved: int | None) -> None:
    """Make sure that no rows are mostly bad and no snapshot has lost too many, then drop what parents have no more.

    Args:
        session: Writes the rows, all in one transaction.

    Raises:
        MostlyBad, TooManyDeletes: One has; nothing is dropped.
    """
    for job in jobs:
        hold_to_share(job)
        job.marks.guard(approved)
    for job in jobs:
        if job.before:
            drop_emptied(session, job.resource, job.input)


def opened(
    run: Run,
    settings: Settings,
    source: Source,
    family: Sequence[Resource],
    files: Sequence[FileMark],
    since: Watermark | None,
) -> list[Job]:
    """Open the input of a resource and of those within its rows, and the stream of keys that are gone from it."""
    resource, *children = family
    gone, rows = resource.tombstones, None
    if gone is not None and gone.reader.absent(settings) is None:
        (stream,) = opened(run, settings, source, [gone], gone.reader.files(settings), None)
        rows = stream.tombstones
    return [
        Job(
            each,
            files,
            found,
            Quarantine(run.warehouse, run.id, source.name, each.name),
            Marks(run.warehouse, each, run.id, rows),
            rows_of(run.warehouse, each),
        )
        for each, found in opened_inputs(resource, children, settings, files, since)
    ]


def files_to_read(
    warehouse: Warehouse, settings: Settings, source: Source, resource: Resource, *, full: bool
) -> list[FileMark] | None:
    """Return the files to read, or None where all of them are loaded as they are.

    After the first file that has changed all later ones are read again: the later file wins a key, and must win it
    also when an earlier one is corrected.
    """
    marks = resource.reader.files(settings)
    snapshot = isinstance(resource.deletions, Snapshot) and resource.deletions
    if snapshot and snapshot.newest:
        marks = marks[-1:]
    if full or resource.tombstones or not marks or not warehouse.table_exists(resource.relation):
        return marks
    loaded = warehouse.fetch(
        "select path, sha256 from ops.source_file where source = $1 and resource = $2 and sha256 <> ''",
        [source.name, resource.name],
    )
    changed = [at for at, file in enumerate(marks) if (file.name, file.version) not in loaded]
    if snapshot:
        # All of them are all rows: one that is gone changes that too.
        return marks if changed or len(loaded) > len(marks) else None
    return marks[changed[0] :] if changed else None


def finish(run: Run, settings: Settings, source: Source, job: Job, load: str) -> None:
    """Mark what is gone, note what was loaded, and report it."""
    resource, extras = job.resource, job.input.extras
    job.marks.gather()
    with run.warehouse.transaction():
        job.counts["deleted"] = job.marks.mark(load)
        rows, kept = run.warehouse.row_count(resource.relation), job.counts["kept"]
        job.counts.update(counted(run.warehouse, resource, load, before=job.before, after=rows, loaded=kept))
        job.counts["resolved"] = job.resolve()
        note_files(run, source, job)
        detail: dict[str, object] = {**job.counts, "extra_columns": list(extras), "since": job.input.since}
        origin = resource.origin(settings, () if resource.contract == "report" else extras)
        run.output(resource.relation, rows=rows, detail=detail, origin=origin)
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
            "sha256": file.version,
            "bytes": file.size,
            "row_count": job.read[file.name],
            "run_id": run.id,
            "loaded_at": utc_now(),
        }
        for file in job.files
    ]
    if records:
        run.warehouse.merge_arrow("ops.source_file", pa.Table.from_pylist(records), key=("source", "resource", "path"))
