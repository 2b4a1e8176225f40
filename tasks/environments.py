"""Bring `.pixi/venvs/<environment>` in line with `locks/<environment>.txt`.

Run by `activate.sh` when its quick comparison fails, with whatever Python is at hand: standard library, Python 3.9.

The stamp of a venv goes first and comes last, and a venv without one is made from nothing: a killed installation can't
pass for a good one.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

ROOT = Path(os.environ.get("PIXI_PROJECT_ROOT") or Path(__file__).resolve().parent.parent)
# Here nothing is installed yet.
HERE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HERE), str(HERE / "shared" / "src")]

from shared.utils.files import write_whole  # noqa: E402
from shared.utils.locks import take  # noqa: E402
from shared.workspace import installed  # noqa: E402
from tasks import pth_files  # noqa: E402
from tasks.failure import leave_stubs  # noqa: E402
from tasks.lock_inputs import inputs_digest  # noqa: E402
from tasks.verification import accept, damages, summary  # noqa: E402

PROGRESS_SECONDS = 5.0
# Set by `./pixiw install`: look at every file of an environment, current or not.
REPAIR = "PIXIW_REPAIR"
# Nothing installs longer; whoever waits for a process that hangs is told its number.
WAIT_SECONDS = 1800.0
SAID_LENGTH = 400
PASSWORDS = re.compile(r"(?<=://)[^/@\s]+@")
# How uv begins its lines: marks of a tree of causes, and what comes without saying.
MARKS = re.compile(r"^(error: |[×╰├│─▶\s]+|Caused by: |hint: )+")


class InstallError(Exception):
    """An environment could not be installed; `hint` says what to do, `said` is all that uv said."""

    def __init__(self, message: str, hint: str, said: str = "") -> None:
        """Keep the message and the hint apart, as the command prints them on two lines."""
        super().__init__(message)
        self.hint = hint
        self.said = said


def on_pixi() -> bool:
    """Whether pixi brought the interpreter; otherwise uv finds one."""
    return bool(os.environ.get("CONDA_PREFIX"))


def interpreter(venv: Path) -> str:
    """The stamp's first line, as `activate.sh` has it: pixi's interpreter, or whichever the venv has."""
    if on_pixi():
        return installed.interpreter_record(Path(os.environ["CONDA_PREFIX"])) or "uv"
    return installed.made_with(venv)


def is_current(environment: str) -> bool:
    """Whether the venv has its interpreter and was made from exactly these files, which fit one another."""
    found = interpreter(installed.venv_path(ROOT, environment))
    return installed.is_current(ROOT, environment, found) and not installed.is_stale(ROOT, environment)


def say(text: str) -> None:
    """Write a line of progress to the user.

    pixi keeps what an activation script prints and shows it only after a failure, so there the terminal is written to.
    """
    if on_pixi():
        with suppress(OSError), Path("/dev/tty").open("w", encoding="utf-8") as terminal:
            terminal.write(text + "\n")
            return
    print(text, file=sys.stderr, flush=True)


@contextmanager
def install_lock(environment: str) -> Iterator[None]:
    """Let one process at a time install the environment; the others wait and say for whom."""
    path = installed.venv_path(ROOT, f".{environment}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:

        def tell() -> None:
            say(f"waiting for process {holder(file)}, which installs `{environment}`")

        if not take(file.fileno(), seconds=WAIT_SECONDS, on_wait=tell):
            message = f"process {holder(file)} has been installing it for {WAIT_SECONDS / 60:.0f} minutes"
            raise InstallError(message, "end that process, then run the same command again")
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def holder(file: TextIO) -> str:
    """The process id that the lock's holder wrote into it."""
    file.seek(0)
    return file.read().strip() or "(unknown)"


def search_path() -> str:
    """PATH, then the uv of `pixiw`, then each Python of pyenv, whose shims fail for versions not made global."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    pythons: list[str] = []
    # Another user's, after `su` or `sudo`.
    with suppress(OSError):
        pythons += [str(path) for path in sorted(pyenv.glob("versions/3.*/bin"))]
    own = [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if not part.endswith("/tasks/stubs")]
    return os.pathsep.join([*own, str(ROOT / ".pixi" / "uv" / "bin"), *pythons])


def uv(environment: str, *arguments: str, hint: str = "") -> None:
    """Run uv, saying how far it is; where it fails, raise its own words as an InstallError with the hint."""
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    env["PATH"] = search_path()
    executable = shutil.which("uv", path=env["PATH"])
    if not executable:
        raise InstallError("uv is not on PATH", "run `./pixiw install`, which brings a uv of its own")
    command = [executable, *arguments]
    begun = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        while True:
            try:
                output, _ = process.communicate(timeout=PROGRESS_SECONDS)
                break
            except subprocess.TimeoutExpired:
                say(f"installing `{environment}`: {progress(environment)} after {time.monotonic() - begun:.0f} s")
    if process.returncode:
        # What a package's build printed stands far to the right; what uv says about it does not.
        said = PASSWORDS.sub("***@", output.decode(errors="replace"))
        lines = [MARKS.sub("", line).strip() for line in said.splitlines() if line[:9].strip()]
        reason = ": ".join(filter(None, lines))
        short = reason if len(reason) <= SAID_LENGTH else reason[: SAID_LENGTH - 1] + "…"
        raise InstallError(f"`uv {' '.join(arguments[:2])}` failed: {short}", hint, said)


def progress(environment: str) -> str:
    """How many of the lock's packages are there."""
    wanted = sum(1 for line in installed.lock_path(ROOT, environment).open() if re.match(r"\S+==", line))
    there = len([*installed.venv_path(ROOT, environment).glob("lib/python3*/site-packages/*.dist-info")])
    return f"{there} of {wanted} packages"


def has_python(venv: Path, python: str) -> bool:
    """Whether this venv was once complete here and has the right interpreter, so that it can be brought in line."""
    try:
        root = (venv / ".stamp").read_text(encoding="utf-8").removeprefix("stale\n").split("\n")[1]
    except (OSError, ValueError, IndexError):
        return False
    # Its scripts begin with the path at which it was made.
    if not root.endswith(str(ROOT)) or not os.access(venv / "bin" / "python", os.X_OK):
        return False
    home = Path(os.environ["CONDA_PREFIX"]) / "bin" if on_pixi() else None
    version = installed.venv_setting(venv, "version_info")
    return f"{version}.".startswith(f"{python}.") and home in (None, Path(installed.venv_setting(venv, "home")))


def install(environment: str, lock: Path, header: dict[str, str]) -> None:
    """Install what the lock says, and look whether it is there.

    Raises:
        InstallError: uv failed, or what it installed does not start.
    """
    venv = installed.venv_path(ROOT, environment)
    usable = has_python(venv, header["python"]) and not damages(venv)
    (venv / ".stamp").unlink(missing_ok=True)
    fill(environment, lock, header, anew=not usable)
    found = damages(venv)
    if packages := sorted({damage.package for damage in found if damage.package}):
        # uv links files out of its cache: who wrote into one of a venv has damaged that too. The `uv run` around this
        # holds the cache's lock.
        say(f"installing `{environment}` once more without uv's cache: {summary(found)}")
        uv(environment, "cache", "clean", "--quiet", "--force", *packages)
        fill(environment, lock, header, anew=True)
        found = damages(venv)
    if found and not found[0].package:
        raise InstallError(summary(found), f"put a Python {header['python']} that works on PATH, then run this again")
    accept(venv, found)


def fill(environment: str, lock: Path, header: dict[str, str], *, anew: bool) -> None:
    """Install the lock's packages, then the shared library and the project as they stand."""
    venv = installed.venv_path(ROOT, environment)
    python = str(venv / "bin" / "python")
    if anew:
        wanted = requested_python(environment, header["python"])
        hint = f"put a Python {header['python']} on PATH or let uv download one, then run this again"
        command = ("venv", "--quiet", "--clear", "--no-project", "--python", wanted, str(venv))
        uv(environment, *command, hint=hint)
    # Python compiles what it uses, a fraction of what is there; UV_COMPILE_BYTECODE=1 compiles all of it, for images.
    uv(environment, "pip", "sync", "--quiet", "--require-hashes", "--python", python, str(lock))
    editable = [part for name in installed.editable_packages(ROOT, header["project"]) for part in ("-e", name)]
    if editable:
        uv(environment, "pip", "install", "--quiet", "--no-deps", "--python", python, *editable)
    pth_files.settle(venv, ROOT)


def requested_python(environment: str, python: str) -> str:
    """What `uv venv --python` gets: the minor version, or pixi's own interpreter, which is the one running this."""
    if not on_pixi():
        return python
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if minor != python:
        message = f"pixi's Python is {minor}, locks/{environment}.txt is for {python}"
        raise InstallError(message, f"run `./pixiw run lock {environment}`")
    return sys.executable


def lock_fits(environment: str, header: dict[str, str]) -> bool:
    """Whether the lock was made from these pyproject files, by the venv's own Python, which may have tomli."""
    venv = installed.venv_path(ROOT, environment)
    command = [str(venv / "bin" / "python"), str(Path(__file__).resolve()), "--digest", environment]
    env = {**os.environ, "PIXI_PROJECT_ROOT": str(ROOT), "PIXIW_CHECKED": environment}
    result = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=False, timeout=60)
    digest = result.stdout.decode().strip()
    return digest in ("", header["inputs"])


def sync(environment: str) -> None:
    """Bring the environment in line with its lock.

    Raises:
        InstallError: uv failed, or the lock names another Python than pixi.toml does.
    """
    lock = installed.lock_path(ROOT, environment)
    if not lock.exists():
        raise InstallError(f"no lock: locks/{environment}.txt", f"run `./pixiw run lock {environment}`")
    header = installed.read_header(lock)
    with install_lock(environment):
        venv = installed.venv_path(ROOT, environment)
        if is_current(environment):
            found = damages(venv, bytecode=True) if os.environ.get(REPAIR) else []
            if not found:
                return
            say(f"environment is damaged: `{environment}`: {summary(found)}")
            (venv / ".stamp").unlink()
        started = time.monotonic()
        say(f"installing `{environment}` (Python {header['python']}) from locks/{environment}.txt")
        install(environment, lock, header)
        stamp = installed.stamp_content(ROOT, environment, interpreter(venv))
        if not lock_fits(environment, header):
            say(f"warning: locks/{environment}.txt was made from another pyproject.toml")
            say(f"hint: run `./pixiw run lock {environment}`")
            # A stamp that never compares equal: the warning comes again until the lock is made again.
            stamp = installed.STALE + stamp
        write_whole(venv / ".stamp", stamp)
        shutil.rmtree(installed.failure_folder(ROOT, environment), ignore_errors=True)
        say(f"installed `{environment}` in {time.monotonic() - started:.1f} s")


def main() -> int:
    """Install one environment, or print the digest of what its lock is made from."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("environment")
    parser.add_argument("--digest", action="store_true", help="print the digest of the lock's inputs and stop")
    arguments = parser.parse_args()
    environment: str = arguments.environment
    if arguments.digest:
        print(inputs_digest(ROOT, installed.read_header(installed.lock_path(ROOT, environment))) or "")
        return 0
    try:
        sync(environment)
    except (InstallError, OSError, subprocess.SubprocessError) as error:
        hint = "mend that and run the same command again: it starts afresh"
        if isinstance(error, PermissionError):
            hint = f"run `./pixiw install -e {environment}` as the user who owns .pixi"
        hint = getattr(error, "hint", "") or hint
        said = getattr(error, "said", "")
        reason = " ".join(str(error).split())
        if len(said) > SAID_LENGTH:
            hint += f" (all that uv said: .pixi/venvs/.failed/{environment}/.uv.log)"
        message = f"error: cannot install `{environment}`: {reason}\nhint: {hint}\n"
        with suppress(OSError):
            leave_stubs(ROOT, environment, message, said)
        # Under pixi each command says it: what is printed here would never be seen, or a second time.
        if not on_pixi():
            print(message, end="", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
