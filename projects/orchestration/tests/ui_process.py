"""`ui` as a process of its own, and what a browser would ask of it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from orchestration.supervise.graphql import query

from shared.web.address import split_token

PATIENCE = 120.0
# Each question costs the server a hundredth of a second.
POLL_SECONDS = 0.3
CHILD = "time.sleep(600)"
"""What the asset `child` of the tests' graph starts."""
SERVE = """
import sys
from pathlib import Path
from orchestration.supervise.serve import serve
from shared.command_line import command
from shared.config import get_settings
sys.exit(command(lambda arguments: serve(get_settings(), port=int(arguments[0]), workspace=Path(arguments[1]))))
"""
LAUNCH = """mutation ($selector: JobOrPipelineSelector!) { launchRun(executionParams: {selector: $selector}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
REPOSITORIES = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
RUN = """query ($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"""
# For which the server reads all that is known of the run.
STEPS = """query ($run: ID!) { runOrError(runId: $run) { ... on Run { stepStats { status } } } }"""
CANCEL = """mutation ($run: String!) { terminatePipelineExecution(runId: $run) { __typename } }"""


class Ui:
    """A running `ui`.

    Args:
        data: Its data folder.
        workspace: What it serves.
    """

    def __init__(self, data: Path, workspace: Path, *, port: int = 0) -> None:
        self.data = data
        self.home = data / "dagster"
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(port), str(workspace)],
            env={**os.environ, "DATA_DIR": str(data)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(data / "said").open("ab"),
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        self.address = self.process.stdout.readline().strip() if ready else ""
        self.server, self.token = split_token(self.address)

    def end(self, signum: int = signal.SIGINT) -> int:
        """Send a signal, and wait until `ui` itself has ended."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE)

    @property
    def said(self) -> str:
        """What it told its user."""
        return (self.data / "said").read_text(encoding="utf-8")

    def processes(self, words: str = "") -> list[int]:
        """Return the living processes that it has started, and itself, whose command line holds some words."""
        return [pid for pid, command in with_variable(f"DATA_DIR={self.data}") if words in command]

    def launch(self, *assets: str) -> str:
        """Launch a run, as the page does; again where a code server is not back yet."""
        answers: list[dict[str, Any]] = []

        def is_launched() -> bool:
            for node in query(self.address, REPOSITORIES)["repositoriesOrError"]["nodes"][:1]:
                selector = {
                    "repositoryName": node["name"],
                    "repositoryLocationName": node["location"]["name"],
                    "jobName": "__ASSET_JOB",
                    "assetSelection": [{"path": asset.split("/")} for asset in assets],
                }
                answers.append(query(self.address, LAUNCH, selector=selector)["launchRun"])
            return "run" in (answers or [{}])[-1]

        wait_until(is_launched)
        run_id: str = answers[-1]["run"]["runId"]
        return run_id

    def launch_and_begin(self, asset: str) -> str:
        """Launch a run of the tests' graph, and wait until its step is at work."""
        run_id = self.launch(asset)
        wait_until((self.home / f"begun-{run_id}").exists)
        return run_id

    def run(self, run_id: str) -> dict[str, Any]:
        """Return what the page shows of a run."""
        found: dict[str, Any] = query(self.address, RUN, run=run_id)["runOrError"]
        return found

    def wait_for(self, run_id: str, status: str) -> None:
        """Wait until a run has a status."""
        wait_until(lambda: self.run(run_id)["status"] == status)

    def wait_for_steps(self, run_id: str, statuses: list[str]) -> None:
        """Wait until a run's steps have these statuses."""

        def found() -> list[str]:
            return [step["status"] for step in query(self.address, STEPS, run=run_id)["runOrError"]["stepStats"]]

        wait_until(lambda: found() == statuses)

    def cancel(self, run_id: str) -> None:
        """Cancel a run, as the page does."""
        query(self.address, CANCEL, run=run_id)

    def worker(self, run_id: str) -> int:
        """Return the process of a run."""
        return int((self.home / "running" / f"{run_id}.lock").read_text().split()[0])


def with_variable(setting: str) -> list[tuple[int, str]]:
    """Return the living processes that have an environment variable, and their command lines."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and setting.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((int(entry.name), (entry / "cmdline").read_text().replace("\0", " ")))
    return found


def wait_until(is_so: Callable[[], object], *, patience: float = PATIENCE) -> None:
    """Wait for something to become so."""
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(POLL_SECONDS)


def as_workspace(folder: Path, code: Path) -> Path:
    """Return a workspace file for the code in a Python file."""
    path = folder / "workspace.yaml"
    path.write_text(json.dumps({"load_from": [{"python_file": str(code)}]}), encoding="utf-8")
    return path
