"""How a step's command ended, whichever way it was run, and what Dagster makes of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from signal import Signals
from typing import Any, NoReturn

from dagster import (
    AssetExecutionContext,
    DagsterExecutionInterruptedError,
    Failure,
    MetadataValue,
    OpExecutionContext,
    RetryRequested,
)

from orchestration.graph.projects import Command
from orchestration.run import children
from orchestration.settings import OrchestrationSettings
from shared.config.settings import read_settings

Context = AssetExecutionContext | OpExecutionContext
Metadata = dict[str, Any]


@dataclass
class Ended:
    """How a command ended, by its own word.

    Attributes:
        code: Its exit code; below zero the signal that ended it.
        runs: The entries that it made in the run ledger, see `shared.monitoring.ledger`.
        error: What it said of its failure: `message`, `hint`, `code`, `retryable`.
    """

    command: Command
    code: int = 0
    runs: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] = field(default_factory=dict)

    @property
    def outputs(self) -> dict[str, Metadata]:
        """The metadata of each relation that was written."""
        return {relation: _metadata(run, found) for run in self.runs for relation, found in run["outputs"].items()}

    @property
    def left_out(self) -> dict[str, Metadata]:
        """The metadata of each relation that the step did without."""
        found = {relation: reason for run in self.runs for relation, reason in run.get("left_out", {}).items()}
        return {relation: {"left_out": reason} for relation, reason in found.items()}

    @property
    def metadata(self) -> Metadata:
        """What is true of the step as a whole."""
        return _metadata(self.runs[-1], {}) if self.runs else {}

    def metrics_of(self, relation: str) -> dict[str, float]:
        """Return what was measured by the runs that wrote a relation."""
        written = [run["metrics"] for run in self.runs if relation in run["outputs"]]
        return {name: value for metrics in written for name, value in metrics.items()}

    @property
    def checks(self) -> list[dict[str, Any]]:
        """The outcomes of the checks that the command itself has made."""
        return [check for run in self.runs for check in run.get("checks", [])]

    def take(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Keep what the command has told Dagster: its runs and its error."""
        for message in messages:
            if "run" in message:
                self.runs.append(message["run"])
            self.error = message.get("error", self.error)

    def require(self, context: Context) -> None:
        """Raise what makes Dagster fail the step, or try it again later, unless the command has succeeded.

        Raises:
            DagsterExecutionInterruptedError: The run was cancelled.
            RetryRequested: It failed, and may succeed when tried again.
            Failure: It failed for good.
        """
        if children.of_run(context.run.run_id).interrupted.is_set():
            raise DagsterExecutionInterruptedError
        if self.code:
            self._fail(context)

    def _fail(self, context: Context) -> NoReturn:
        how = f"ended by {Signals(-self.code).name}" if self.code < 0 else f"exit code {self.code}"
        message = f"{self.error.get('message') or how}\nhint: {self.error.get('hint') or 'its output says more'}"
        facts = {
            "command": self.command.text,
            "exit_code": self.code,
            "code": self.error.get("code", ""),
            **self.metadata,
        }
        failure = Failure(message, metadata=facts, allow_retries=False)
        # A process that was killed did nothing wrong: memory may have been short.
        if not (self.error.get("retryable") or self.code < 0):
            raise failure
        settings = read_settings(OrchestrationSettings)
        seconds = settings.orchestration_retry_seconds * 2**context.retry_number
        raise RetryRequested(settings.orchestration_retries, seconds) from failure


def _metadata(run: Mapping[str, Any], output: Mapping[str, Any]) -> Metadata:
    facts = {
        "dagster/row_count": output.get("rows"),
        "bytes": output.get("bytes"),
        "database_bytes": run["database_bytes"],
        "seconds": (output.get("detail") or {}).get("seconds", run["seconds"]),
        "python": run["python_version"],
        "environment": run["environment"],
        "lock_sha256": run["lock_sha256"],
        "ledger_run": run["id"],
        "command": run["command"],
        "detail": MetadataValue.json(dict(output["detail"])) if output.get("detail") else None,
    }
    return {name: value for name, value in facts.items() if value is not None}
