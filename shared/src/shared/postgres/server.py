"""A PostgreSQL server of one's own: on loopback, in a folder, without root and without a container."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from shared.errors import ConfigurationError, PlatformError
from shared.postgres import passfile
from shared.postgres.target import PostgresTarget
from shared.postgres.tools import hand_over, let_reach, run_tool
from shared.utils import processes

HOST = "127.0.0.1"
# Names by which a server on this machine may be called.
HOSTS = (HOST, "localhost")
ADMIN = "postgres"
START_SECONDS = 60
ORPHAN_SECONDS = 10
# Below what systems give to whoever asks for any port: a server that starts late would find it taken, and who asks
# whether it is there yet would ask a stranger.
UNASSIGNED = range(20_000, 32_768)
PORTS_TRIED = 100
SHARED_MEMORY_LEFT = "pre-existing shared memory block"
# For a server that shares a small machine with the programs that use it.
CONFIGURATION: Mapping[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class ServerFailed(PlatformError):
    """The local server does not do what it was told."""

    code = "server_failed"


class LocalServer:
    """A server whose cluster, log and passwords are in one folder.

    Args:
        folder: Where it lives; it may not exist yet.
        passwords: Where passwords are kept; in the folder by default.
        configuration: Settings of PostgreSQL's beside `CONFIGURATION`, as in `{"fsync": "off"}`.
        sync: Whether a new cluster is forced to the disk; not needed for one that is thrown away.
    """

    def __init__(
        self,
        folder: Path,
        *,
        passwords: Path | None = None,
        configuration: Mapping[str, str] | None = None,
        sync: bool = True,
    ) -> None:
        self.folder = folder
        self.cluster = folder / "cluster"
        self.log = folder / "server.log"
        self.passwords = passwords or folder / "passwords"
        self.configuration = {**CONFIGURATION, **(configuration or {})}
        self.sync = sync

    @property
    def exists(self) -> bool:
        """Whether there is a cluster, running or not."""
        return (self.cluster / "PG_VERSION").is_file()

    @property
    def pid(self) -> int | None:
        """The process id of the running server, None where it does not run."""
        found = self._pid_file()
        return int(found[0]) if found and serves(int(found[0]), self.cluster) else None

    @property
    def port(self) -> int | None:
        """The port of the running server."""
        found = self._pid_file() if self.pid else []
        return int(found[3]) if len(found) > 3 else None

    def _pid_file(self) -> list[str]:
        with suppress(OSError):
            lines = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            if lines and lines[0].isdigit():
                return lines
        return []

    def admin(self, database: str = "postgres") -> PostgresTarget:
        """Return the administrator's login on the running server.

        Raises:
            ServerFailed: It does not run.
        """
        if self.port is None:
            raise ServerFailed(f"the server does not run: `{self.folder}`", hint="`./pixiw run postgres-start`")
        password = passfile.find_password(self.passwords, host=HOST, port=self.port, database=database, user=ADMIN)
        return PostgresTarget(HOST, self.port, database, ADMIN, password)

    def create(self) -> bool:
        """Make the cluster where there is none, with a password for the administrator; tell whether one was made.

        Raises:
            ServerFailed: `initdb` says no.
        """
        if self.exists:
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        hand_over(self.folder)
        let_reach(self.folder)
        password = secrets.token_urlsafe(24)
        draft, secret = self.folder / "cluster.part", self.folder / ".password"
        # Left there by somebody who was killed.
        shutil.rmtree(draft, ignore_errors=True)
        secret.unlink(missing_ok=True)
        secret.touch(mode=passfile.OWNER_ONLY)
        secret.write_text(password, encoding="utf-8")
        hand_over(secret)
        try:
            done = run_tool("initdb", *self._initdb_arguments(draft, secret))
        finally:
            secret.unlink()
        if done.returncode:
            raise ServerFailed(f"initdb failed: {last_line(done)}", hint=f"see that `{self.folder}` can be written")
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in self.configuration.items())
        # The password first: a cluster whose password nobody knows would be of no use.
        passfile.write(self.passwords, [passfile.Entry(host, passfile.ANY, "*", ADMIN, password) for host in HOSTS])
        draft.rename(self.cluster)
        return True

    def _initdb_arguments(self, cluster: Path, secret: Path) -> list[str]:
        arguments = ["--pgdata", str(cluster), "--username", ADMIN, "--pwfile", str(secret)]
        arguments += ["--auth", "scram-sha-256", "--encoding", "UTF8"]
        # Sorts by code point as DuckDB does, and knows the upper and lower case of all of unicode.
        arguments += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
        return arguments if self.sync else [*arguments, "--no-sync"]

    def start(self, port: int | None = None) -> int:
        """Start the server, where it does not run yet, and return its port.

        Args:
            port: The port to take; a free one where it is None.

        Raises:
            ConfigurationError: The port is taken, or there is no cluster.
            ServerFailed: It does not come up; the message says why, the hint where the log is.
        """
        running = self.port
        if running is not None:
            return running
        self.settle()
        if not self.exists:
            raise ConfigurationError(f"there is no server yet: `{self.folder}`", hint="`./pixiw run postgres-init`")
        if port is not None and not is_free(port):
            raise ConfigurationError(
                f"the port is taken by another program: {port}", hint="choose another one with POSTGRES_PORT"
            )
        self._remove_stale_pid_file()
        chosen = port or free_port()
        deadline = time.monotonic() + START_SECONDS
        while True:
            begun = self.log.stat().st_size if self.log.exists() else 0
            done = self._pg_ctl("start", "--log", str(self.log), "--options", f"-p {chosen}")
            if done.returncode == 0:
                return chosen
            said = self.log.read_text(encoding="utf-8", errors="replace")[begun:] if self.log.exists() else ""
            # Children of a server that was killed are still on their way out.
            if SHARED_MEMORY_LEFT not in said or time.monotonic() >= deadline:
                break
            time.sleep(0.2)
        reason = next((line for line in said.splitlines() if "FATAL" in line), last_line(done))
        raise ServerFailed(f"the server does not start: {reason}", hint=f"its log says more: `{self.log}`")

    def stop(self) -> bool:
        """Stop the server, ending its sessions; tell whether it ran.

        Raises:
            ServerFailed: It does not stop.
        """
        if self.pid is None:
            return False
        done = self._pg_ctl("stop", "--mode", "fast")
        if done.returncode:
            raise ServerFailed(f"the server does not stop: {last_line(done)}", hint=f"its log: `{self.log}`")
        return True

    def kill(self) -> None:
        """Kill the server as a crash would, and wait until it is gone."""
        pid = self.pid
        assert pid is not None, "it does not run"
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + ORPHAN_SECONDS
        while serves(pid, self.cluster):
            assert time.monotonic() < deadline, "it does not die"
            time.sleep(0.01)

    def settle(self) -> None:
        """Wait for the children of a server that was killed: they hold on to its port for a moment more."""
        found = self._pid_file()
        if len(found) > 3 and not serves(int(found[0]), self.cluster):
            deadline = time.monotonic() + ORPHAN_SECONDS
            while not is_free(int(found[3])) and time.monotonic() < deadline:
                time.sleep(0.05)

    def _pg_ctl(self, action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        waiting = ("--wait", "--timeout", str(START_SECONDS))
        return run_tool("pg_ctl", action, "--pgdata", str(self.cluster), *waiting, *arguments)

    def _remove_stale_pid_file(self) -> None:
        """Remove what a killed server has left: its process id may be another program's by now."""
        found = self._pid_file()
        if found and not serves(int(found[0]), self.cluster):
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)


def serves(pid: int, cluster: Path) -> bool:
    """Tell whether a process is the PostgreSQL server of a cluster, and lives."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
            return Path(command[0]).name == "postgres" and str(cluster) in command
        return False
    done = processes.run(["ps", "-o", "args=", "-p", str(pid)], seconds=ORPHAN_SECONDS)
    return str(cluster) in done.stdout and "postgres" in done.stdout


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port on which nobody listens, and which the system gives to nobody until it is listened on.

    Raises:
        ServerFailed: All that were tried are taken.
    """
    among = random.SystemRandom().sample(UNASSIGNED, PORTS_TRIED)
    port = next(filter(is_free, among), None)
    if port is None:
        raise ServerFailed(
            f"no free port: {PORTS_TRIED} between {UNASSIGNED[0]} and {UNASSIGNED[-1]} are taken",
            hint="name one, or stop what listens there",
        )
    return port


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last thing that a program said."""
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"it ended with {done.returncode}"
