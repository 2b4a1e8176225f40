"""Bring `.pixi/venvs/<environment>` in line with `locks/<environment>.txt`.

Run by `activate.sh` when its quick comparison fails, with whatever Python is at hand: standard library, Python 3.9.

A venv counts as good when its `.stamp` equals the interpreter line, the lock and the two pyproject files, joined. The
stamp goes first and comes last, and a venv without one is made from nothing: a killed installation can't pass for a
good one.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(os.environ.get("PIXI_PROJECT_ROOT") or Path(__file__).resolve().parent.parent)


class InstallError(Exception):
    """An environment could not be installed; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        """Keep the message and the hint apart, as the command prints them on two lines."""
        super().__init__(message)
        self.hint = hint


def venv_path(environment: str) -> Path:
    """Where the environment's Python packages are installed."""
    return ROOT / ".pixi" / "venvs" / environment


def lock_path(environment: str) -> Path:
    """The pinned Python packages of the environment."""
    return ROOT / "locks" / f"{environment}.txt"


def read_header(lock: Path) -> dict[str, str]:
    """The `# key: value` lines at the top of a lock: environment, python, project, groups, extras, inputs."""
    header = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        match = re.match(r"# (\w+): ?(.*)$", line)
        if not match:
            break
        header[match[1]] = match[2]
    return header


def inputs_digest(root: Path, header: dict[str, str]) -> str | None:
    """The digest of all that decides a lock's content: a lock with another one was made from other pyproject files.

    None where this Python can't read TOML (3.10 without tomli): then `doctor` checks it.
    """
    toml = toml_module()
    if toml is None:
        return None
    inputs: list[Any] = [header["python"]]
    for directory in (header["project"], "shared"):
        with (root / directory / "pyproject.toml").open("rb") as file:
            document = toml.load(file)
        project, groups = document["project"], document.get("dependency-groups", {})
        inputs.append([project.get("requires-python"), project.get("dependencies", [])])
        if directory == header["project"]:
            inputs.append({name: groups.get(name) for name in header.get("groups", "").split()})
            extras = project.get("optional-dependencies", {})
            inputs.append({name: extras.get(name) for name in header.get("extras", "").split()})
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def toml_module() -> Any:
    """Python's own TOML reader from 3.11, or the same as a package; None where there is neither."""
    for name in ("tomllib", "tomli"):
        with suppress(ImportError):
            return importlib.import_module(name)
    return None


def editable_packages(project: str) -> list[str]:
    """The directories installed as they stand: the shared library and the project, where they are Python packages."""
    return [name for name in dict.fromkeys(("shared", project)) if any((ROOT / name / "src").glob("*/__init__.py"))]


def interpreter_line(project: str) -> str:
    """The stamp's first line, which `activate.sh` builds alike: where the interpreter is from, and what is editable."""
    found = sorted(Path(os.environ["CONDA_PREFIX"]).glob("conda-meta/python-3*.json")) if on_pixi() else []
    return " ".join([str(found[-1]) if found else "uv", *editable_packages(project)])


def on_pixi() -> bool:
    """Whether pixi brought the interpreter; otherwise uv finds one."""
    return bool(os.environ.get("CONDA_PREFIX"))


def stamp_content(lock: Path, project: str) -> bytes:
    """What `.stamp` holds when the venv is up to date."""
    files = [lock, ROOT / project / "pyproject.toml", ROOT / "shared" / "pyproject.toml"]
    return interpreter_line(project).encode() + b"\n" + b"".join(file.read_bytes() for file in files if file.exists())


def is_current(environment: str, stamp: bytes) -> bool:
    """Whether the venv has its interpreter and was made from exactly these files."""
    venv = venv_path(environment)
    try:
        return os.access(venv / "bin" / "python", os.X_OK) and (venv / ".stamp").read_bytes() == stamp
    except OSError:
        return False


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
    path = ROOT / ".pixi" / "venvs" / f".{environment}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"waiting for process {holder(file)}, which installs `{environment}`")
            fcntl.flock(file, fcntl.LOCK_EX)
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
    pythons = [str(path) for path in sorted(pyenv.glob("versions/3.*/bin"))]
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(ROOT / ".pixi" / "uv" / "bin"), *pythons])


def uv(*arguments: str, hint: str = "") -> None:
    """Run uv; where it fails, raise its own words as an InstallError with the hint."""
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    env["PATH"] = search_path()
    executable = shutil.which("uv", path=env["PATH"])
    if not executable:
        raise InstallError("uv is not on PATH", "run `./pixiw install`, which brings a uv of its own")
    command = [executable, *arguments]
    result = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if result.returncode:
        # What a package's build printed stands far to the right; what uv says about it does not.
        lines = [line for line in result.stdout.decode(errors="replace").splitlines() if line[:9].strip()]
        raise InstallError("\n".join([f"`uv {' '.join(arguments[:2])}` failed", *lines]), hint)


def has_python(venv: Path, python: str) -> bool:
    """Whether this venv was once complete and has the right interpreter, so that it can be brought in line as it is."""
    if not ((venv / ".stamp").exists() and os.access(venv / "bin" / "python", os.X_OK)):
        return False
    config = (venv / "pyvenv.cfg").read_text(encoding="utf-8")
    home = Path(os.environ["CONDA_PREFIX"]) / "bin" if on_pixi() else None
    return f"version_info = {python}." in config and (home is None or f"home = {home}\n" in config)


def install(environment: str, lock: Path, header: dict[str, str]) -> None:
    """Install the lock's packages, then the shared library and the project as they stand."""
    venv, python = venv_path(environment), str(venv_path(environment) / "bin" / "python")
    usable = has_python(venv, header["python"])
    (venv / ".stamp").unlink(missing_ok=True)
    if not usable:
        wanted = interpreter(environment, header["python"])
        hint = f"put a Python {header['python']} on PATH or let uv download one, then run this again"
        uv("venv", "--quiet", "--clear", "--no-project", "--python", wanted, str(venv), hint=hint)
    # Python compiles what it uses, a fraction of what is there; UV_COMPILE_BYTECODE=1 compiles all of it, for images.
    uv("pip", "sync", "--quiet", "--require-hashes", "--python", python, str(lock))
    editable = [part for name in editable_packages(header["project"]) for part in ("-e", name)]
    if editable:
        uv("pip", "install", "--quiet", "--no-deps", "--python", python, *editable)


def interpreter(environment: str, python: str) -> str:
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
    command = [str(venv_path(environment) / "bin" / "python"), str(Path(__file__).resolve()), "--digest", environment]
    result = subprocess.run(
        command, env={**os.environ, "PIXI_PROJECT_ROOT": str(ROOT)}, stdout=subprocess.PIPE, check=False
    )
    digest = result.stdout.decode().strip()
    return digest in ("", header["inputs"])


def sync(environment: str) -> None:
    """Bring the environment in line with its lock.

    Raises:
        InstallError: uv failed, or the lock names another Python than pixi.toml does.
    """
    lock = lock_path(environment)
    if not lock.exists():
        raise InstallError(f"no lock: locks/{environment}.txt", f"run `./pixiw run lock {environment}`")
    header = read_header(lock)
    with install_lock(environment):
        stamp = stamp_content(lock, header["project"])
        if is_current(environment, stamp):
            return
        started = time.monotonic()
        say(f"installing `{environment}` (Python {header['python']}) from locks/{environment}.txt")
        install(environment, lock, header)
        if not lock_fits(environment, header):
            say(f"warning: locks/{environment}.txt was made from another pyproject.toml")
            say(f"hint: run `./pixiw run lock {environment}`")
            # A stamp that never compares equal: the warning comes again until the lock is made again.
            stamp = b"stale\n" + stamp
        temporary = venv_path(environment) / ".stamp.new"
        temporary.write_bytes(stamp)
        temporary.replace(venv_path(environment) / ".stamp")
        say(f"installed `{environment}` in {time.monotonic() - started:.1f} s")


def main() -> int:
    """Install one environment, or print the digest of what its lock is made from."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("environment")
    parser.add_argument("--digest", action="store_true", help="print the digest of the lock's inputs and stop")
    arguments = parser.parse_args()
    if arguments.digest:
        print(inputs_digest(ROOT, read_header(lock_path(arguments.environment))) or "")
        return 0
    try:
        sync(arguments.environment)
    except InstallError as error:
        print(f"error: cannot install `{arguments.environment}`: {error}", file=sys.stderr)
        print(f"hint: {error.hint or 'mend that and run the same command again: it starts afresh'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
