"""Try supervisors on what `ui` needs of one: that nothing outlives it, however it goes, and that what dies comes back.

    ./pixiw run -e orchestration python benchmarks/supervisors.py [--tool NAME …]

Each is installed into a folder of its own and given the same services: one that has started a child in its group and
one in a session of its own, as a step's command does, and one without. Then: Ctrl-C, SIGKILL of the supervisor, SIGKILL
of a service, a service that ignores SIGINT and SIGTERM, and one that dies whenever it is started. `ours` is what `ui`
uses. systemd is only asked whether it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from machine import machine_facts

from shared.utils import processes

RESULT = Path(__file__).parent / "results" / "supervisors.json"
REPEATS = 3
# How long a service may take to end, where that can be set.
GRACE_SECONDS = 5
PATIENCE_SECONDS = 20.0
SETTLE_SECONDS = 5.0
MARK = "SUPERVISORS_RUN"
VERSIONS = {"supervisor": "4.3.0", "circus": "0.19.0", "honcho": "2.0.0"}
CHILDREN = ("child in its group", "child in a session of its own")
SERVICES = ("plain", "parent")

WORKER = f"""
import signal, subprocess, sys, time
from pathlib import Path
folder, name = sys.argv[1:]
with Path(folder, name + ".starts").open("a") as starts:
    starts.write("x")
print(name, "has begun", flush=True)
if name == "doomed":
    sys.exit(3)
if name == "stubborn":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
if name == "parent":
    for apart, what in enumerate({CHILDREN!r}):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", what], start_new_session=bool(apart))
Path(folder, name + ".begun").touch()
time.sleep(600)
"""
OURS = """
import signal, sys, threading
from pathlib import Path
from orchestration.supervise.crew import Crew
from orchestration.supervise.services import Service
from shared.command_line import command

def main(arguments):
    folder, names = Path(arguments[0]), arguments[1:]
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    (folder / "scratch").mkdir()
    services = [Service(name, [f"{folder}/worker.py", f"{folder}", name], folder / f"{name}.log") for name in names]
    with (folder / "lock").open("w") as lock:
        crew = Crew(services, root=folder, home=folder, scratch=folder / "scratch", lock=lock.fileno())
        with crew.at_work():
            while not stopped.wait(0.2):
                crew.check()

sys.exit(command(main))
"""
Configure = Callable[[Path, Path, Sequence[str]], list[str]]


def ours(_bin: Path, folder: Path, names: Sequence[str]) -> list[str]:
    """Return the command line of what `ui` uses."""
    return [sys.executable, "-c", OURS, str(folder), *names]


def supervisor(bin_: Path, folder: Path, names: Sequence[str]) -> list[str]:
    """Configure supervisord, each service with its whole group, and all output in that of supervisord."""
    lines = ["[supervisord]", "nodaemon=true", f"logfile={folder}/daemon.log", f"pidfile={folder}/pid"]
    for name in names:
        lines += [f"[program:{name}]", f"command={sys.executable} {folder}/worker.py {folder} {name}"]
        lines += ["autorestart=true", "stopasgroup=true", "killasgroup=true", f"stopwaitsecs={GRACE_SECONDS}"]
        lines += ["redirect_stderr=true", "stdout_logfile=/dev/fd/1", "stdout_logfile_maxbytes=0"]
    (folder / "supervisord.conf").write_text("\n".join(lines))
    return [str(bin_ / "supervisord"), "-c", str(folder / "supervisord.conf")]


def circus(bin_: Path, folder: Path, names: Sequence[str]) -> list[str]:
    """Configure circusd, each service with its children, and all output in that of circusd."""
    lines = ["[circus]", f"endpoint=ipc://{folder}/endpoint", f"pubsub_endpoint=ipc://{folder}/pubsub"]
    for name in names:
        lines += [f"[watcher:{name}]", f"cmd={sys.executable} {folder}/worker.py {folder} {name}", "copy_env=True"]
        lines += ["stop_children=True", f"graceful_timeout={GRACE_SECONDS}", "max_retry=3"]
        lines += ["stdout_stream.class=StdoutStream", "stderr_stream.class=StdoutStream"]
    (folder / "circus.ini").write_text("\n".join(lines))
    return [str(bin_ / "circusd"), str(folder / "circus.ini")]


def honcho(bin_: Path, folder: Path, names: Sequence[str]) -> list[str]:
    """Write honcho's Procfile."""
    lines = [f"{name}: exec {sys.executable} {folder}/worker.py {folder} {name}\n" for name in names]
    (folder / "Procfile").write_text("".join(lines))
    return [str(bin_ / "honcho"), "start", "--procfile", str(folder / "Procfile")]


TOOLS: dict[str, Configure] = {"ours": ours, "supervisor": supervisor, "circus": circus, "honcho": honcho}


class Trial:
    """A supervisor at work.

    Args:
        process: The supervisor's own.
        folder: Where services leave what they have to say.
        mark: What all of its processes have in their environment.
    """

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, mark: str) -> None:
        self.process = process
        self.folder = folder
        self.mark = mark

    def alive(self) -> dict[int, str]:
        """Return what lives of the services and their children, by process id."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"{MARK}={self.mark}" in (entry / "environ").read_text(errors="replace").split("\0"):
                    words = (entry / "cmdline").read_text(errors="replace").split("\0")
                    # A supervisor may have the names of services on its own command line.
                    if f"{self.folder}/worker.py" in words or words[-2] in CHILDREN:
                        found[int(entry.name)] = words[-2]
        return found

    def left(self, seconds: float = SETTLE_SECONDS) -> list[str]:
        """Return what still lives when it has had time to end."""
        wait_until(lambda: not self.alive(), seconds)
        return sorted(self.alive().values())

    def starts(self, name: str) -> int:
        """Return how often a service was started."""
        file = self.folder / f"{name}.starts"
        return len(file.read_text()) if file.exists() else 0

    def end(self, signum: int) -> dict[str, Any]:
        """Send the supervisor a signal, and return how it ended and what is left of it."""
        begun = time.monotonic()
        processes.tell(self.process, signum)
        code = processes.wait(self.process, PATIENCE_SECONDS)
        return {"code": code, "seconds": round(time.monotonic() - begun, 2), "left": self.left()}


@contextmanager
def running(tool: str, bin_: Path, *more: str) -> Iterator[tuple[Trial, float]]:
    """Have a supervisor at work on the services and some more, with the seconds until these had begun."""
    names, mark = (*SERVICES, *more), uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="supervisors-") as name:
        folder = Path(name)
        (folder / "worker.py").write_text(WORKER)
        line = TOOLS[tool](bin_, folder, names)
        begun = time.monotonic()
        with (folder / "output").open("wb") as output:
            options = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, "start_new_session": True}
            with processes.started(line, env={**os.environ, MARK: mark}, cwd=folder, **options) as process:
                trial = Trial(process, folder, mark)
                waited = [each for each in names if each != "doomed"]
                all_begun = wait_until(lambda: all((folder / f"{each}.begun").exists() for each in waited))
                seconds = time.monotonic() - begun
                assert all_begun, (folder / "output").read_text()
                yield trial, round(seconds, 2)
        # Those that it has left: ours to end.
        for pid in trial.alive():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def wait_until(is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Wait for something to become so, and tell whether it has."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def tried(tool: str, bin_: Path) -> dict[str, Any]:
    """Return what a supervisor does."""
    result: dict[str, Any] = {"start_seconds": [], "ctrl_c": [], "killed": []}
    for _ in range(REPEATS):
        with running(tool, bin_) as (trial, seconds):
            result["start_seconds"].append(seconds)
            result["ctrl_c"].append(trial.end(signal.SIGINT))
        with running(tool, bin_) as (trial, _):
            result["killed"].append(trial.end(signal.SIGKILL))
    result["start_median"] = statistics.median(result["start_seconds"])
    result["service_killed"] = service_killed(tool, bin_)
    with running(tool, bin_, "stubborn") as (trial, _):
        result["ignores_signals"] = trial.end(signal.SIGINT)
    with running(tool, bin_, "doomed") as (trial, _):
        code = processes.wait(trial.process, PATIENCE_SECONDS)
        result["dies_each_time"] = {
            "starts": trial.starts("doomed"),
            "supervisor_ended_as": code,
            "left": trial.left(1),
        }
        result["names_it"] = "doomed" in (trial.folder / "output").read_text(errors="replace")
    return result


def service_killed(tool: str, bin_: Path) -> dict[str, Any]:
    """Return what becomes of all when a service with children is killed."""
    with running(tool, bin_) as (trial, _):
        before = trial.alive()
        (pid,) = (pid for pid, name in before.items() if name == "parent")
        begun = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        back = wait_until(lambda: trial.starts("parent") > 1, SETTLE_SECONDS)
        seconds = round(time.monotonic() - begun, 2)
        wait_until(lambda: not {*before} & {*trial.alive()}, 1.0)
        still = {name for pid, name in before.items() if pid in trial.alive()}
        return {
            "started_again_after": seconds if back else None,
            "supervisor_ended_as": processes.poll(trial.process),
            "other_service_goes_on": "plain" in still,
            "its_children_left": sorted(still & {*CHILDREN}),
        }


def installed(tool: str, folder: Path) -> Path:
    """Install a supervisor, and return the folder of its commands."""
    if tool in VERSIONS:
        package = f"{tool}=={VERSIONS[tool]}"
        for line in (["venv", "--python", sys.executable, folder], ["pip", "install", "--python", folder, package]):
            subprocess.run(["uv", "-q", *line], check=True, timeout=300)
    return folder / "bin"


def systemd() -> dict[str, str]:
    """Return what systemd says of itself: only a machine that was booted with it can say more."""
    if not shutil.which("systemctl"):
        return {"systemctl": "not there"}
    asked = {"system": ["is-system-running"], "user": ["--user", "is-system-running"]}
    said = {name: processes.run(["systemctl", *words], seconds=10, together=True) for name, words in asked.items()}
    return {name: done.stdout.strip() for name, done in said.items()}


def main() -> None:
    """Try them, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", nargs="*", choices=TOOLS, default=list(TOOLS))
    # Of one that is not tried now, the last result stays.
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    result |= {"versions_tried": VERSIONS, "systemd": systemd()}
    for tool in parser.parse_args().tool:
        with tempfile.TemporaryDirectory() as folder:
            result[tool] = tried(tool, installed(tool, Path(folder, tool)))
        print(tool, json.dumps(result[tool], indent=1), flush=True)
    RESULT.write_text(json.dumps({**result, **machine_facts(["dagster"])}, indent=1) + "\n")


if __name__ == "__main__":
    main()
