"""One load of a source: what has changed is read, checked, loaded, and only then noted as done."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from ingress.gather.child import families, opened_inputs
from ingress.load import pipeline
from ingress.load.emptied import drop_emptied
from ingress.load.job import Job
from ingress.load.watermark import newest_of_all
from ingress.source import Resource, Source
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
) -> None:
    """Load what is new of a source.

    A source is loaded as a whole: when one resource cannot be read, none is loaded. Files are noted in
    `ops.source_file` after their rows are committed; whoever is killed before that loads them again, which changes
    nothing.

    Args:
        full: Read files also when they are loaded as they are, and tables from their beginning.
        on_request: Which of the resources that are loaded only on request to load, as `source.resource`.
        strict: Whether it is an error that something is not there which is not required.

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
        since = None if full else newest_of_all(run.warehouse, [resource, *children])
        jobs += [
            Job(each, files, opened, Quarantine(run.warehouse, run.id, source.name, each.name))
            for each, opened in opened_inputs(resource, children, settings, files, since)
        ]
    # Before: whoever is killed after it reads these parents again, and none whose rows are loaded.
    for job in jobs:
        drop_emptied(run.warehouse, job.resource, job.input)
    if jobs:
        pipeline.load(run.warehouse, source.name, {job.resource.name: (job.resource, job.rows) for job in jobs})
    for job in jobs:
        finish(run, settings, source, job)


def files_to_read(
    warehouse: Warehouse, settings: Settings, source: Source, resource: Resource, *, full: bool
) -> list[FileMark] | None:
    """Return the files to read, or None where all of them are loaded as they are.

    After the first file that has changed all later ones are read again: the later file wins a key, and must win it
    also when an earlier one is corrected.
    """
    marks = resource.reader.files(settings)
    if full or not marks or not warehouse.table_exists(resource.relation):
        return marks
    loaded = warehouse.fetch(
        "select path, sha256 from ops.source_file where source = $1 and resource = $2", [source.name, resource.name]
    )
    changed = [at for at, file in enumerate(marks) if (file.name, file.version) not in loaded]
    return marks[changed[0] :] if changed else None


def finish(run: Run, settings: Settings, source: Source, job: Job) -> None:
    """Note what was loaded, and report it."""
    with run.warehouse.transaction():
        job.counts["resolved"] = job.resolve()
        note_files(run, source, job)
        detail: dict[str, object] = {**job.counts, "extra_columns": list(job.input.extras), "since": job.input.since}
        rows, origin = run.warehouse.row_count(job.resource.relation), job.resource.origin(settings, job.input.extras)
        run.output(job.resource.relation, rows=rows, detail=detail, origin=origin)
    say(f"  {source.name}.{job.resource.name}: {job.summary()}")


def note_files(run: Run, source: Source, job: Job) -> None:
    """Note the files of a job as loaded."""
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
