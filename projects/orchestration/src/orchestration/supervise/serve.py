"""`ui`: Dagster's web server and daemon on this machine until Ctrl-C, started again where they die.

They are started again rather than given up, because schedules have to run while nobody looks. All of them end with
`ui`, even where it is killed: see `orchestration.supervise.guard`.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dagster import DagsterInstance

from orchestration.home import PROJECT, instance, prepare_home
from orchestration.supervise.crew import Crew
from orchestration.supervise.dead_runs import sweep
from orchestration.supervise.graphql import load_error
from orchestration.supervise.services import services
from orchestration.supervise.stopping import signals_noted
from shared.config import Settings
from shared.errors import PlatformError, UserError
from shared.utils import locks
from shared.utils.console import say
from shared.web.access import HOST, Access, public_origin
from shared.web.address import new_token, split_token, with_token
from shared.web.port import chosen

START_SECONDS = 180.0
# Longer than what is left of a killed `ui` may take to end.
LEFT_OVER_SECONDS = 90.0
POLL_SECONDS = 0.2
SWEEP_SECONDS = 10.0


def serve(
    settings: Settings,
    *,
    port: int = 3000,
    workspace: Path | None = None,
    has_token: bool = True,
    public: Sequence[str] = (),
) -> int:
    """Start web server and daemon, say where, and keep them going until SIGINT or SIGTERM; return 0.

    Args:
        settings: Whose data folder it is for; there is one `ui` for each.
        port: On loopback; 0 takes a free one.
        workspace: Names the code to serve; the project's own by default.
        has_token: Whether the web server asks for the token that is printed with its address.
        public: The addresses by which a proxy is asked.

    Raises:
        UserError: It runs already, the port is taken, or an address is none.
        PlatformError: The code does not load, or a process does not stay alive.
    """
    origins = [public_origin(url) for url in public]
    stopped = signals_noted()
    home = prepare_home(settings)
    with ExitStack() as stack:
        note, lock = stack.enter_context(only_one(home))
        port = chosen(port)
        address = f"http://{HOST}:{port}"
        note.write_text(json.dumps({"address": address, "process": os.getpid()}), encoding="utf-8")
        opened = stack.enter_context(instance(settings))
        end_dead_runs(opened, home, launchers_gone=True)
        # Not in the home, whose path may be longer than a socket's may be; the crew's guard removes it.
        scratch = Path(tempfile.mkdtemp(prefix="dagster-"))
        access = Access(port, new_token() if has_token else None, origins)
        parts = services(settings, workspace or PROJECT / "workspace.yaml", scratch, access)
        crew = Crew(parts, root=settings.root, home=home, scratch=scratch, lock=lock)
        stack.enter_context(crew.at_work())
        opened_by = with_token(address, access.token)
        if answers(crew, opened_by, stopped):
            # The one place where the token is shown.
            print(opened_by, flush=True)
            if access.token is None:
                say("no token is asked for: let nobody reach the port but a proxy that knows who asks")
            say(f"Dagster answers at {address}; Ctrl-C ends it. Its logs: `{settings.logs_dir / 'dagster'}`")
            keep_going(crew, opened, home, stopped)
        say("ending; what runs gets 25 s to undo what it has begun")
    return 0


def answers(crew: Crew, address: str, stopped: Sequence[int]) -> bool:
    """Wait until the web server has loaded the code; tell whether it has, rather than been stopped.

    Raises:
        PlatformError: The code does not load, or not in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while not stopped:
        error = load_error(address)
        if error == "":
            return True
        if error:
            raise PlatformError(f"the definitions do not load: {error}", hint="correct that, then start `ui` again")
        crew.check()
        if time.monotonic() > deadline:
            raise PlatformError(
                f"no answer within {START_SECONDS:.0f} s: {split_token(address)[0]}",
                hint="its logs, in data/logs/dagster, may say why",
            )
        time.sleep(POLL_SECONDS)
    return False


def keep_going(crew: Crew, opened: DagsterInstance, home: Path, stopped: Sequence[int]) -> None:
    """Watch over processes and runs until stopped."""
    next_sweep = time.monotonic() + SWEEP_SECONDS
    while not stopped:
        if crew.check() or time.monotonic() > next_sweep:
            end_dead_runs(opened, home)
            next_sweep = time.monotonic() + SWEEP_SECONDS
        time.sleep(POLL_SECONDS)


def end_dead_runs(opened: DagsterInstance, home: Path, *, launchers_gone: bool = False) -> None:
    """End the runs whose process was killed, and say which."""
    for run_id in sweep(opened, home, launchers_gone=launchers_gone):
        say(f"run {run_id} had been killed: it is marked as failed")


@contextmanager
def only_one(home: Path) -> Iterator[tuple[Path, int]]:
    """Be the only `ui` of a home, and wait until nothing is left of one that was killed.

    Yields:
        A file for others to read who we are, and a descriptor of the lock that lasts as long as somebody has it.

    Raises:
        UserError: Another one runs.
        PlatformError: What a killed one has left does not end.
    """
    note = home / "ui.json"
    ours = os.open(home / "ui.lock", os.O_RDWR | os.O_CREAT, 0o600)
    if not locks.take(ours, seconds=0):
        os.close(ours)
        raise already_running(note)
    note.unlink(missing_ok=True)
    rest = os.open(home / "services.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        wait_for_the_rest(rest)
        yield note, rest
    finally:
        note.unlink(missing_ok=True)
        os.close(rest)
        os.close(ours)


def wait_for_the_rest(descriptor: int) -> None:
    """Take the lock that the processes of a killed `ui` have until they are ended."""

    def tell() -> None:
        say("waiting for the processes of an earlier `ui` to end")

    if not locks.take(descriptor, seconds=LEFT_OVER_SECONDS, on_wait=tell):
        raise PlatformError(
            "the processes of an earlier `ui` do not end", hint="end them by hand: dagster in the list of processes"
        )


def already_running(note: Path) -> UserError:
    """Return the error that says where another `ui` answers."""
    try:
        other = json.loads(note.read_text(encoding="utf-8"))
        return UserError(
            f"it runs already: {other['address']}", hint=f"end it where it was started, or by `kill {other['process']}`"
        )
    except (OSError, ValueError, KeyError):
        return UserError("it is being started already", hint="wait for it to say its address")
