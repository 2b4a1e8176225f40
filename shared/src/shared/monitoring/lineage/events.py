"""A run as OpenLineage's events.

A run is a run of the job that its step is called by. What it made from something that is known is a run of its own
below that, of the job `STEP.RELATION`, as what was made from what is true of each relation and not of all together.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    DatasetFacet,
    RunFacet,
    column_lineage_dataset,
    error_message_run,
    job_type_job,
    nominal_time_run,
    output_statistics_output_dataset,
    parent_run,
    processing_engine_run,
    schema_dataset,
)

from shared.monitoring.lineage.columns import columns_of
from shared.monitoring.lineage.facts import Begun, Columns, Ended, Output, Parent, Table

STATES = {"succeeded": RunState.COMPLETE, "failed": RunState.FAIL, "interrupted": RunState.ABORT}
# The longest name of anything that a collector is told.
LONGEST_NAME = 500
# Of processor time, for the queries of a run; a hundred columns take half a second.
COLUMN_SECONDS = 5.0


def events_of(fact: Begun | Ended) -> Iterator[RunEvent]:
    """Return the events of a run's beginning or end, in the order in which to send them."""
    if isinstance(fact, Begun):
        yield _event(fact, RunState.START, fact.at)
        return
    begun, deadline = fact.begun, time.thread_time() + COLUMN_SECONDS
    for output in fact.outputs:
        if output.is_derived:
            below = _below(begun, output)
            yield _event(below, RunState.START, begun.at)
            yield _event(below, RunState.COMPLETE, fact.at, _inputs(output), _outputs(output, deadline))
    plain = [each for output in fact.outputs if not output.is_derived for each in _outputs(output, deadline)]
    yield _event(begun, STATES[fact.end], fact.at, (), plain, error=fact.error)


def _below(begun: Begun, output: Output) -> Begun:
    return replace(
        begun,
        run_id=str(uuid5(UUID(begun.run_id), output.relation)),
        job=f"{begun.job}.{output.relation}",
        parent=Parent(begun.run_id, begun.namespace, begun.job),
        root=begun.parent,
        kind="RELATION",
    )


def _event(
    begun: Begun,
    state: RunState,
    at: datetime,
    inputs: Iterable[InputDataset] = (),
    outputs: Iterable[OutputDataset] = (),
    error: str | None = None,
) -> RunEvent:
    kind = job_type_job.JobTypeJobFacet(processingType="BATCH", integration="DATA_PLATFORM", jobType=begun.kind)
    return RunEvent(
        eventType=state,
        eventTime=at.isoformat(),
        run=Run(runId=begun.run_id, facets=_run_facets(begun, error)),
        job=Job(namespace=begun.namespace, name=begun.job[:LONGEST_NAME], facets={"jobType": kind}),
        inputs=list(inputs),
        outputs=list(outputs),
    )


def _run_facets(begun: Begun, error: str | None) -> dict[str, RunFacet]:
    facets: dict[str, RunFacet] = {
        "processing_engine": processing_engine_run.ProcessingEngineRunFacet(begun.engine_version, begun.engine),
        "nominalTime": nominal_time_run.NominalTimeRunFacet(begun.at.isoformat()),
    }
    if begun.parent:
        root = begun.root or begun.parent
        facets["parent"] = parent_run.ParentRunFacet(
            parent_run.Run(begun.parent.run_id),
            parent_run.Job(begun.parent.namespace, begun.parent.job),
            parent_run.Root(parent_run.RootRun(root.run_id), parent_run.RootJob(root.namespace, root.job)),
        )
    if error is not None:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(error, "PYTHON")
    return facets


def _inputs(output: Output) -> list[InputDataset]:
    return [
        InputDataset(table.dataset.namespace, table.dataset.name[:LONGEST_NAME], facets=_schema(table))
        for table in output.inputs.values()
    ]


def _outputs(output: Output, deadline: float) -> list[OutputDataset]:
    columns = columns_of(output, deadline)
    lineage = {"columnLineage": _column_lineage(columns)} if columns else {}
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(output.rows, output.size)
    return [
        OutputDataset(
            table.dataset.namespace,
            table.dataset.name[:LONGEST_NAME],
            facets={**_schema(table), **lineage},
            outputFacets={"outputStatistics": statistics},
        )
        for table in output.tables
    ]


def _schema(table: Table) -> dict[str, DatasetFacet]:
    if not table.fields:
        return {}
    fields = [
        schema_dataset.SchemaDatasetFacetFields(name[:LONGEST_NAME], type_, ordinal_position=place)
        for place, (name, type_) in enumerate(table.fields, start=1)
    ]
    return {"schema": schema_dataset.SchemaDatasetFacet(fields)}


def _column_lineage(columns: Columns) -> DatasetFacet:
    direct = column_lineage_dataset.Transformation("DIRECT")
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        {
            name: column_lineage_dataset.Fields(
                [
                    column_lineage_dataset.InputField(dataset.namespace, dataset.name, source, [direct])
                    for dataset, source in sources
                ]
            )
            for name, sources in columns.items()
        }
    )
