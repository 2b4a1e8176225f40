"""What a launcher should do, each tried in a workspace that stands: a true word and what was seen."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher_workspaces import OTHER, PACKAGE, Launcher

SECONDS = 180.0
# A child that has been told to end, ends in far less.
END_SECONDS = 10.0
Seen = dict[str, Any]


@dataclass(frozen=True)
class Workspace:
    """A launcher's workspace, and the variables of its user."""

    name: str
    launcher: Launcher
    folder: Path
    variables: Mapping[str, str]

    def run(self, task: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Start a task and wait for its end."""
        return self.command(self.launcher.start(task, list(arguments)), **variables)

    def command(self, words: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the workspace."""
        return subprocess.run(
            words,
            cwd=self.folder,
            env={**self.variables, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    def lock(self) -> None:
        """Make the locks."""
        for words in self.launcher.lock:
            done = self.command(words)
            if done.returncode:
                raise SystemExit(f"{self.name}: {' '.join(words)}: {done.stderr}")

    def rewrite(self, paths: list[str], change: Callable[[str], str]) -> None:
        """Change some files."""
        for path in map(self.folder.joinpath, paths):
            path.write_text(change(path.read_text()))

    def said(self, done: subprocess.CompletedProcess[str]) -> Seen:
        """Return how a command ended and its last words, without addresses and paths."""
        lines = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        text = re.sub(r"https?://\S+", "<url>", " / ".join(lines[-3:]))
        text = re.sub(r"(?:/[\w.+-]+){2,}/", "…/", text)
        return {"exit": done.returncode, "said": text[-240:]}


def told(done: subprocess.CompletedProcess[str]) -> list[Seen]:
    """Return what the workspace's program told, once for each time it ran."""
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def spaces(workspace: Workspace) -> Seen:
    """Arguments reach the program as they were typed."""
    given = ["a b", "it's", '"q"', "$HOME; *", ""]
    done = workspace.run("show", *given)
    found = [one["arguments"] for one in told(done)]
    return {"right": found == [given], "found": found}


def choice(workspace: Workspace) -> Seen:
    """A declared argument that is left out has its default; one that is no choice is refused by name, nothing runs."""
    none, bad = workspace.run("greet"), workspace.run("greet", "mars")
    defaulted = [one["arguments"] for one in told(none)] == [["world"]]
    text = bad.stdout + bad.stderr
    refused = bad.returncode != 0 and not told(bad) and all(word in text for word in ("mars", "world", "moon"))
    return {"right": defaulted and refused, "default": defaulted, "refused": refused, **workspace.said(bad)}


def exit_code(workspace: Workspace) -> Seen:
    """The program's exit code is the launcher's."""
    done = workspace.run("leave")
    return {"right": done.returncode == 7, **workspace.said(done)}


def ctrl_c(workspace: Workspace) -> Seen:
    """Ctrl-C on a terminal ends the program, and the launcher with 130."""
    return interrupted(workspace, terminal=True)


def terminated(workspace: Workspace) -> Seen:
    """A launcher that is told to end, as a server of builds does, takes the program with it: 143."""
    return interrupted(workspace, terminal=False)


def interrupted(workspace: Workspace, *, terminal: bool) -> Seen:
    """Start a task that waits, interrupt or end it, and see who has ended."""
    pid_file = workspace.folder / f"{terminal}.pid"
    master, slave = pty.openpty()
    child = subprocess.Popen(
        workspace.launcher.start("wait", []),
        cwd=workspace.folder,
        env={**workspace.variables, "PROBE_PID": str(pid_file)},
        stdin=slave if terminal else subprocess.DEVNULL,
        stdout=slave if terminal else subprocess.DEVNULL,
        stderr=slave if terminal else subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if terminal else None,
    )
    try:
        deadline = time.monotonic() + SECONDS
        while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.05)
        time.sleep(0.3)
        if not pid_file.exists():
            return {"right": False, "said": "the task did not start"}
        if terminal:
            os.write(master, b"\x03")
        else:
            child.send_signal(signal.SIGTERM)
        return ended(child, int(pid_file.read_text()), 130 if terminal else 143)
    finally:
        os.close(master)
        os.close(slave)


def ended(child: subprocess.Popen[bytes], program: int, wanted: int) -> Seen:
    """Wait for a launcher, and say how it ended and whether its program lives on; then end what is left."""
    begun = time.monotonic()
    try:
        code: int | None = child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        code = None
    seconds = round(time.monotonic() - begun, 2)
    time.sleep(0.3)
    left = Path(f"/proc/{program}").exists()
    for pid in [program] * left + [child.pid] * (code is None):
        os.kill(pid, signal.SIGKILL)
    child.wait(END_SECONDS)
    # A shell that starts the launcher shows one that ended by a signal as 128 and its number.
    shown = code if code is None or code >= 0 else 128 - code
    return {"right": shown == wanted and not left, "exit": shown, "seconds": seconds, "program_left": left}


def dependency(workspace: Workspace) -> Seen:
    """A task of another environment runs first, in its own Python; where it fails, nothing more runs."""
    done, broken = workspace.run("report"), workspace.run("broken")
    order = [(one["arguments"], one["python"]) for one in told(done)]
    stopped = broken.returncode != 0 and not told(broken)
    return {
        "right": order == [(["load"], "3.10"), (["report"], "3.12")] and stopped,
        "order": order,
        "after_failure": {"exit": broken.returncode, "ran": bool(told(broken))},
    }


def placed(workspace: Workspace) -> Seen:
    """A task's own variable and folder."""
    done = workspace.run("placed")
    found = [(one["word"], Path(one["folder"]).name) for one in told(done)]
    return {"right": found == [("blue", "sub")], "found": found, **workspace.said(done)}


def outer(workspace: Workspace) -> Seen:
    """What the user's shell says of Python does not reach the environment."""
    foreign = workspace.folder / "foreign"
    foreign.mkdir(exist_ok=True)
    (foreign / "six.py").write_text('__version__ = "of the shell"\n')
    done = workspace.run("show", PYTHONPATH=str(foreign), VIRTUAL_ENV=str(foreign))
    found = [one["six"] for one in told(done)]
    return {"right": found == [PACKAGE.partition("==")[2]], "found": found}


def hint(workspace: Workspace) -> Seen:
    """A name with a typing error gets an answer that has the right one."""
    done = workspace.run("shwo")
    return {"right": done.returncode != 0 and "show" in done.stdout + done.stderr, **workspace.said(done)}


def manifest(workspace: Workspace) -> Seen:
    """A task that is added to pixi.toml runs."""
    text = '\n[feature.connectors.tasks.fresh]\ncmd = "python probe.py show fresh"\n'
    workspace.rewrite(["pixi.toml"], lambda before: before + text)
    done = workspace.run("fresh")
    return {"right": [one["arguments"] for one in told(done)] == [["fresh"]], **workspace.said(done)}


def native(workspace: Workspace) -> Seen:
    """A program that is no Python package runs as a task: psql out of a wheel."""
    done = workspace.run("psql")
    return {"right": "PostgreSQL) 17" in done.stdout, **workspace.said(done)}


def movable(workspace: Workspace) -> Seen:
    """The locks name no server, so that they hold behind any mirror."""
    texts = [(workspace.folder / path).read_text() for path in workspace.launcher.locks]
    return {"right": "://" not in "".join(texts), "addresses": sum(text.count("://") for text in texts)}


def follows_lock(workspace: Workspace) -> Seen:
    """After the lock has changed, the next run has the packages that it names."""
    sources = [path for path in workspace.launcher.files if path.endswith(".toml")]
    workspace.rewrite(sources, lambda text: text.replace(PACKAGE, OTHER))
    workspace.lock()
    done = workspace.run("show")
    found = [one["six"] for one in told(done)]
    return {"right": found == [OTHER.partition("==")[2]], "found": found, **workspace.said(done)}


def hashes(workspace: Workspace) -> Seen:
    """A package that is not what the lock's hash says is not installed, and nothing runs."""

    def falsified(text: str) -> str:
        return re.sub(r"(sha256\W+)(.)", lambda match: match[1] + ("0" if match[2] != "0" else "1"), text)

    workspace.rewrite(workspace.launcher.locks, falsified)
    for path in workspace.launcher.environments:
        shutil.rmtree(workspace.folder / path, ignore_errors=True)
    done = workspace.run("show")
    return {"right": done.returncode != 0 and not told(done), **workspace.said(done)}


# The last two change the locks.
BEHAVIOURS: dict[str, Callable[[Workspace], Seen]] = {
    "arguments as typed": spaces,
    "default and choice": choice,
    "exit code": exit_code,
    "Ctrl-C": ctrl_c,
    "told to end": terminated,
    "another environment's task first": dependency,
    "variables and folder": placed,
    "foreign PYTHONPATH": outer,
    "typing error": hint,
    "one manifest with pixi": manifest,
    "native tool": native,
    "lock without addresses": movable,
    "lock followed": follows_lock,
    "hashes enforced": hashes,
}
