"""A pod of the stand-in for Kubernetes: a process of this machine.

What its container runs is its own command with its own variables and secrets, in this repository in the image's place.
It is ended as a kubelet does it: by the signal that the Dockerfile names, and killed after the grace period.
"""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[3]
LOOK_SECONDS = 0.02


def stop_signal() -> signal.Signals:
    """The signal by which the image wants to be ended."""
    found = re.search(r"^STOPSIGNAL (\w+)$", (ROOT / "infra/docker/Dockerfile").read_text("utf-8"), re.MULTILINE)
    return signal.Signals[found[1]] if found else signal.SIGTERM


class Pod:
    """A pod with one container.

    Args:
        manifest: As it was asked for.
        variables: What the container has besides its own variables.
        secrets: The values of each secret that it may name.
        started: Whether it starts at all; one that no node has room for does not.
    """

    def __init__(
        self, manifest: dict[str, Any], variables: dict[str, str], secrets: dict[str, dict[str, str]], *, started: bool
    ) -> None:
        self.manifest = manifest
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self.evicted = False
        self.deleted = False
        if started:
            self._start(variables, secrets)

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.manifest["metadata"]["name"])

    def _start(self, variables: dict[str, str], secrets: dict[str, dict[str, str]]) -> None:
        container = self.manifest["spec"]["containers"][0]
        env = dict(variables)
        for source in container.get("envFrom", []):
            env |= secrets[source["secretRef"]["name"]]
        env |= {entry["name"]: entry["value"] for entry in container.get("env", []) if "value" in entry}
        line = [str(ROOT / word.removeprefix("/app/")) if word.startswith("/app/") else word for word in
                [*container["command"], *container.get("args", [])]]  # fmt: skip
        self.process = subprocess.Popen(
            line,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process and self.process.stdout
        for line in self.process.stdout:
            now = time.time_ns()
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now / 1e9))
            self.lines.append(f"{stamp}.{now % 1_000_000_000:09d}Z {line}")

    @property
    def code(self) -> int | None:
        """The container's exit code, as Kubernetes shows it."""
        code = self.process.poll() if self.process else None
        return 128 - code if code is not None and code < 0 else code

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.process is None if self.deleted else self.code is not None

    def end(self, seconds: float) -> None:
        """Ask its process to end, and kill all of it after so many seconds."""
        self.deleted = True
        if self.process and self.process.poll() is None:
            if seconds:
                self.process.send_signal(stop_signal())
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(seconds)
            self.kill()

    def kill(self) -> None:
        """Kill all of it."""
        assert self.process
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.process.pid).children(recursive=True):
                process.kill()
        self.process.kill()
        self.process.wait(30)

    def shown(self) -> dict[str, Any]:
        """The pod as the API shows it."""
        code = self.code
        phase = "Pending" if not self.process else "Running" if code is None else "Failed" if code else "Succeeded"
        state: dict[str, Any] = {"running": {}}
        if code is not None:
            reason = "OOMKilled" if code == 137 and not self.evicted else "Error" if code else "Completed"
            state = {"terminated": {"exitCode": code, "reason": reason}}
        status: dict[str, Any] = {"phase": phase}
        if self.process:
            container = self.manifest["spec"]["containers"][0]
            told = {"image": container["image"], "imageID": "", "restartCount": 0, "ready": code is None}
            status["containerStatuses"] = [{"name": container["name"], "state": state, **told}]
        else:
            told = {"reason": "Unschedulable", "message": "0/1 nodes are available"}
            status["conditions"] = [{"type": "PodScheduled", "status": "False", **told}]
        if self.evicted:
            status |= {"reason": "Evicted", "message": "The node was low on resource: memory."}
            status["conditions"] = [{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByKubelet"}]
        return {**self.manifest, "status": status}
