"""Dagster's processes on this machine: how they are started, and what becomes of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths

from orchestration.supervise.access import as_variables
from orchestration.supervise.guard import CODE_SERVER
from orchestration.supervise.processes import SERVICE_VARIABLE, service_of
from shared.config import Settings
from shared.errors import ConfigurationError, PlatformError
from shared.web.access import Access

# A service that dies this often in a row, each time so soon after its start, will not do better the next time.
ATTEMPTS = 3
SOON_SECONDS = 60.0
LOG_BYTES = 20_000_000
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ERROR = re.compile(r" - (ERROR|CRITICAL) - ")


@dataclass
class Service:
    """A process of its own group that is started again when it dies.

    Attributes:
        arguments: What this environment's Python runs.
        log: The file that it writes to.
        variables: What its environment holds beside ours.
    """

    name: str
    arguments: Sequence[str]
    log: Path
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    process: subprocess.Popen[bytes] | None = None
    read: int = 0
    begun: float = 0.0
    soon_dead: int = field(default=0)

    def start(self, root: Path, home: Path) -> None:
        """Start it in the repository's folder, as a service of a home.

        Raises:
            PlatformError: It has died too often.
        """
        if self.process:
            self.soon_dead = self.soon_dead + 1 if time.monotonic() - self.begun < SOON_SECONDS else 0
        if self.soon_dead >= ATTEMPTS:
            raise PlatformError(f"{self.name} does not stay alive", hint=f"its log says why: `{self.log}`")
        self._rotate()
        self.read = self.log.stat().st_size if self.log.exists() else 0
        self.begun = time.monotonic()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments],
                env={**os.environ, **self.variables, SERVICE_VARIABLE: service_of(self.name, home)},
                cwd=root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def died(self) -> int | None:
        """How it ended, None while it lives."""
        assert self.process, "it was never started"
        return self.process.poll()

    def errors(self) -> Iterator[str]:
        """Return what its log says of errors since the last time."""
        with suppress(FileNotFoundError), self.log.open("rb") as stream:
            stream.seek(self.read)
            new = stream.read()
            whole = new[: new.rfind(b"\n") + 1]
            self.read += len(whole)
            lines = (COLOUR.sub("", line) for line in whole.decode(errors="replace").splitlines())
            yield from (line for line in lines if ERROR.search(line))

    def _rotate(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))


def services(settings: Settings, workspace: Path, scratch: Path, access: Access) -> list[Service]:
    """Return what `ui` consists of: a code server for each entry of the workspace, and web server and daemon on them.

    One code server serves both: that is quicker than one for each, and takes less memory.

    Args:
        settings: Where the logs go.
        workspace: Names the code.
        scratch: A folder with a short path, for sockets.
        access: Who may use the web server.

    Raises:
        ConfigurationError: The workspace names a server that somebody else runs.
    """
    logs = settings.logs_dir / "dagster"
    servers, entries = [], []
    for number, origin in enumerate(location_origins_from_yaml_paths([str(workspace)])):
        if not isinstance(origin, ManagedGrpcPythonEnvCodeLocationOrigin):
            raise ConfigurationError(
                f"not a Python module or file: `{origin.location_name}`", hint=f"correct the entry in `{workspace}`"
            )
        name, socket = f"{CODE_SERVER}-{number}" if number else CODE_SERVER, scratch / f"{number}.sock"
        code = origin.loadable_target_origin.get_cli_args()
        # Lazily: code that does not load is then an error that the server can be asked for.
        options = ["--socket", str(socket), "--lazy-load-user-code", "--use-python-environment-entry-point"]
        servers.append(Service(name, ["-m", "dagster", "api", "grpc", *code, *options], logs / f"{name}.log"))
        entries.append({"grpc_server": {"socket": str(socket), "location_name": origin.location_name}})
    served = scratch / "workspace.yaml"
    served.write_text(yaml.safe_dump({"load_from": entries}), encoding="utf-8")
    where = ["--workspace", str(served)]
    web = ["-m", "orchestration.supervise.dagster_webserver", *where]
    return [
        *servers,
        Service("webserver", web, logs / "webserver.log", as_variables(access)),
        Service("daemon", ["-m", "dagster._daemon", "run", *where], logs / "daemon.log"),
    ]
