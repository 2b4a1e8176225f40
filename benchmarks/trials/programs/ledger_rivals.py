# /// script
# requires-python = "==3.11.*"
# dependencies = ["dlt-ops==0.1.0", "dlt[duckdb]==1.31.0", "duckdb==1.5.5", "openlineage-python==1.54.0"]
# ///
"""The runs of the trial of ledgers, by dlt, with dlt-ops and OpenLineage beside: `… FOLDER LOAD`, or `ask`."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell

os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
import dlt
from dlt_ops.runs import RunsWriter, dlt_run_id_from_load_info, fetch_runs, record_counts_from_trace
from ledger_runs import REASON, ROWS, TABLE, rows_of
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import error_message_run, output_statistics_output_dataset
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.uuid import generate_new_uuid

IMPORTED = since_begun()
NAME, DATASET = "trial", "raw"


class Events:
    """The OpenLineage events of one run, into a file."""

    def __init__(self, folder: Path, job: str) -> None:
        config = FileConfig(log_file_path=str(folder / "events.jsonl"), append=True)
        self.client = OpenLineageClient(transport=FileTransport(config))
        self.job, self.run = job, str(generate_new_uuid())

    def emit(self, state: RunState, rows: int | None = None, error: BaseException | None = None) -> None:
        """Send an event."""
        facets: dict[str, Any] = {}
        if error:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(str(error), "python")
        outputs = []
        if rows is not None:
            counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=rows)
            outputs.append(OutputDataset("duckdb", f"{DATASET}.{TABLE}", outputFacets={"outputStatistics": counted}))
        event = RunEvent(
            eventType=state,
            eventTime=datetime.now(timezone.utc).isoformat(),
            run=Run(self.run, facets),
            job=Job("trial", self.job),
            producer="https://example.org/trial",
            outputs=outputs,
        )
        self.client.emit(event)


def load(folder: Path, name: str) -> dict[str, float]:
    """Load by dlt, as dlt-ops' runner records it, and return what each ledger took."""
    pipeline = dlt.pipeline(f"{NAME}_pipeline", destination="duckdb", dataset_name=DATASET, pipelines_dir=str(folder))
    writer, events = RunsWriter(destination="duckdb", dataset=DATASET, source_section=NAME), Events(folder, name)
    marks = [since_begun()]
    writer.write_start()
    marks.append(since_begun())
    events.emit(RunState.START)
    marks.append(since_begun())
    try:
        info = pipeline.run(dlt.resource(rows_of(name, folder), name=TABLE))
    except Exception as error:
        writer.write_end("failed", error_summary=str(error))
        events.emit(RunState.FAIL, error=error)
        return {}
    marks.append(since_begun())
    extracted, loaded = record_counts_from_trace(pipeline.last_trace)
    writer.write_end(
        "completed", dlt_run_id=dlt_run_id_from_load_info(info), records_extracted=extracted, records_loaded=loaded
    )
    marks.append(since_begun())
    events.emit(RunState.COMPLETE, rows=loaded or 0)
    marks.append(since_begun())
    return {
        "dlt_ops": marks[1] - marks[0] + marks[4] - marks[3],
        "openlineage": marks[2] - marks[1] + marks[5] - marks[4],
    }


def asked_dlt(folder: Path) -> dict[str, Any]:
    """Return what the tables that dlt keeps by itself can say."""
    pipeline = dlt.attach(f"{NAME}_pipeline", pipelines_dir=str(folder))
    with pipeline.sql_client() as client:
        loads = client.execute_sql("select load_id, status from _dlt_loads") or []
    return {"loads that were begun": len(loads), "loads that succeeded": sum(status == 0 for _, status in loads)}


def asked_dlt_ops() -> dict[str, Any]:
    """Return what dlt-ops' ledger can say."""
    runs = fetch_runs(f"{NAME}_pipeline", "duckdb", DATASET, source_section=NAME) or []
    status = [one.status for one in reversed(runs)]
    first = runs[-1]
    return {
        "loads that were begun": len(runs),
        "loads that succeeded": status.count("completed"),
        "the load that failed": status.count("failed"),
        "why it failed": any(REASON in (one.error_summary or "") for one in runs),
        "the load that was killed, told from one that runs": status[3:4] == ["interrupted"],
        "the load that runs now": status[4:5] == ["running"],
        "how long the first took": bool(first.completed_at and first.completed_at > first.started_at),
        "rows of the first, by table": None,
        "rows of the first, in all": first.records_loaded,
        "that the second found nothing new": None,
    }


def asked_openlineage(folder: Path) -> dict[str, Any]:
    """Return what the events can say, which somebody has to keep and read."""
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    by_job: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        by_job.setdefault(event["job"]["name"], []).append(event)
    last = {name: all_of[-1] for name, all_of in by_job.items()}
    facets = last["fails"]["run"]["facets"]
    first = last["new rows"]["outputs"]
    return {
        "loads that were begun": len(by_job),
        "loads that succeeded": sum(one["eventType"] == "COMPLETE" for one in last.values()),
        "the load that failed": sum(one["eventType"] == "FAIL" for one in last.values()),
        "why it failed": REASON in facets["errorMessage"]["message"],
        # It has a word for it, ABORT, which a process that was killed does not send.
        "the load that was killed, told from one that runs": last["killed"]["eventType"] == "ABORT",
        "the load that runs now": last["running"]["eventType"] == "START",
        "how long the first took": by_job["new rows"][0]["eventTime"] < last["new rows"]["eventTime"],
        "rows of the first, by table": first[0]["outputFacets"]["outputStatistics"]["rowCount"],
        "that the second found nothing new": last["nothing new"]["outputs"][0]["outputFacets"]["outputStatistics"][
            "rowCount"
        ]
        == 0,
        # It has facets for these; whoever sends events fills them.
        "environment and Python of a run": True,
        "a step that is no load": True,
        "which column came from which": True,
    }


def main(folder: str, what: str) -> None:
    """Load, or tell what each ledger says."""
    os.chdir(folder)
    packages = ["dlt", "dlt-ops", "openlineage-python", "duckdb"]
    if what != "ask":
        tell(packages, ledger_seconds={name: round(took, 3) for name, took in load(Path(folder), what).items()})
        return
    found = {"dlt": asked_dlt(Path(folder)), "dlt_ops": asked_dlt_ops(), "openlineage": asked_openlineage(Path(folder))}
    tell(packages, found=found, rows=len(ROWS))


if __name__ == "__main__":
    main(*sys.argv[1:])
