"""What is installed under `.pixi/venvs`, and whether it is what `locks/<environment>.txt` says.

A venv counts as good when its `.stamp` holds three lines, which interpreter it has, what lies in it as it stands and
how much there is of `ATTESTED`, and after them the lock and the pyproject files that it was made from.
`tasks/activate.sh` makes the same comparison.
Standard library, Python 3.9: activation runs it with whatever Python is at hand.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

STALE = b"stale\n"
"""Before the stamp of an environment whose lock was made from other pyproject files, so that it is told each time."""

ATTESTED = ("*.dist-info/RECORD", "*/__init__.py", "*.py", "*.so", "*.pth")
"""What of site-packages every activation sums up: cheap to ask, and less of it where a package is gone or cut short."""


def venv_path(root: Path, environment: str) -> Path:
    """Return where an environment's Python packages are installed."""
    return root / ".pixi" / "venvs" / environment


def lock_path(root: Path, environment: str) -> Path:
    """Return the file that pins an environment's Python packages."""
    return root / "locks" / f"{environment}.txt"


def stub_folder(root: Path) -> Path:
    """Return the folder of the commands that stand in for an environment's Python where it has gone."""
    return root / "tasks" / "stubs"


def failure_folder(root: Path, environment: str) -> Path:
    """Return where a failed installation leaves what ends every command, and in `.message` what it says."""
    return root / ".pixi" / "venvs" / ".failed" / environment


def read_header(lock: Path) -> dict[str, str]:
    """Return the `# key: value` lines at the top of a lock: environment, python, project, groups, extras, inputs."""
    header = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        match = re.match(r"# (\w+): ?(.*)$", line)
        if not match:
            break
        header[match[1]] = match[2]
    return header


def editable_packages(root: Path, project: str) -> list[str]:
    """Return the folders installed as they stand: the shared library and the project, where they are packages."""
    return [name for name in dict.fromkeys(("shared", project)) if any((root / name / "src").glob("*/__init__.py"))]


def interpreter_record(prefix: Path) -> str | None:
    """Return the file in which conda has recorded a prefix's Python, build included; None where there is none."""
    found = sorted(prefix.glob("conda-meta/python-3*.json"))
    return str(found[-1]) if found else None


def made_with(venv: Path) -> str:
    """Return which interpreter a venv has: the record of pixi's, as its stamp says, else `uv`."""
    try:
        said = (venv / ".stamp").read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, ValueError):
        said = ""
    if said.endswith(".json") and Path(said).is_file():
        return said
    home = venv_setting(venv, "home")
    return (home and interpreter_record(Path(home).parent)) or "uv"


def venv_setting(venv: Path, name: str) -> str:
    """Return a setting of pyvenv.cfg; empty where there is none."""
    try:
        lines = (venv / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    settings = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    return settings.get(name, "")


def attested_size(venv: Path) -> int:
    """Return the bytes that all files of `ATTESTED` have together; 0 where a venv has no packages at all."""
    folders = venv.glob("lib/python3*/site-packages")
    return sum(path.stat().st_size for folder in folders for pattern in ATTESTED for path in folder.glob(pattern))


def stamp_content(root: Path, environment: str, interpreter: str) -> bytes:
    """Return what `.stamp` holds when the venv has this interpreter and is up to date."""
    project = read_header(lock_path(root, environment))["project"]
    packages = " ".join([*editable_packages(root, project), str(root)])
    size = attested_size(venv_path(root, environment))
    return f"{interpreter}\n{packages}\n{size}\n".encode() + _files(root, environment, project)


def is_current(root: Path, environment: str, interpreter: str | None = None) -> bool:
    """Tell whether an environment has its Python and packages and was installed from exactly the files there are now.

    Args:
        root: The workspace's folder.
        environment: Its name.
        interpreter: What `made_with` returns for the Python that it should have; any will do where this is None.
    """
    venv = venv_path(root, environment)
    try:
        stamp = (venv / ".stamp").read_bytes()
        stamp = stamp[len(STALE) :] if stamp.startswith(STALE) else stamp
        wanted = stamp_content(root, environment, interpreter or stamp.partition(b"\n")[0].decode())
    except (OSError, ValueError, KeyError):
        return False
    return os.access(venv / "bin" / "python", os.X_OK) and stamp == wanted


def is_stale(root: Path, environment: str) -> bool:
    """Tell whether an environment was installed from a lock that did not fit its pyproject files."""
    try:
        return (venv_path(root, environment) / ".stamp").read_bytes().startswith(STALE)
    except OSError:
        return False


def _files(root: Path, environment: str, project: str) -> bytes:
    files = [lock_path(root, environment), root / project / "pyproject.toml", root / "shared" / "pyproject.toml"]
    return b"".join(file.read_bytes() for file in files if file.exists())
