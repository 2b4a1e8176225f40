"""Whether every file of an environment is as its packages list it: `./pixiw install` and a failed command look.

The environment's own Python runs this, so that has to start too: standard library, Python 3.9.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.util
import json
import marshal
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SECONDS = 300.0
AS_PACKAGED = ".as-packaged"
"""In a venv: what differs from its packages' own lists just after installation, as some are packaged badly."""


class Damage(NamedTuple):
    """A file that is not as it was installed: its package (empty for Python itself), its path in the venv, and how."""

    package: str
    path: str
    how: str


class Listed(NamedTuple):
    """What a package's RECORD says of a file; empty where it says nothing."""

    package: str
    digest: str
    size: str


def damages(venv: Path, *, bytecode: bool = False) -> list[Damage]:
    """What is damaged in a venv; `bytecode` loads that of every module too, some tenths of a second.

    Raises:
        subprocess.TimeoutExpired: It took minutes.
    """
    command = [str(venv / "bin" / "python"), "-ISB", __file__, str(venv), *(["--bytecode"] if bytecode else [])]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=SECONDS)
        found = [Damage(*entry) for entry in json.loads(done.stdout)]
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"").decode(errors="replace").strip()
        return [Damage("", "bin/python", f"does not start ({said.splitlines()[-1] if said else error})")]
    as_packaged = accepted(venv)
    return [damage for damage in found if damage not in as_packaged]


def summary(found: list[Damage]) -> str:
    """The first damage, and how many more there are."""
    more = f", and {len(found) - 1} more" if found[1:] else ""
    return f"{found[0].path} {found[0].how}{more}"


def accept(venv: Path, found: list[Damage]) -> None:
    """Take for granted what no installation mends."""
    if found:
        (venv / AS_PACKAGED).write_text(json.dumps(found), encoding="utf-8")


def accepted(venv: Path) -> list[Damage]:
    """What `accept` was told."""
    try:
        return [Damage(*entry) for entry in json.loads((venv / AS_PACKAGED).read_text(encoding="utf-8"))]
    except (OSError, ValueError):
        return []


def look(venv: Path) -> Iterator[Damage]:
    """Compare every listed file's size; its hash too where it was written to after the venv's stamp."""
    try:
        stamped = (venv / ".stamp").stat().st_mtime
    except OSError:
        stamped = float("inf")
    for site in venv.glob("lib/python3*/site-packages"):
        files: dict[str, list[Listed]] = {}
        for folder in sorted(site.glob("*.dist-info")):
            package = folder.name.split("-")[0]
            rows = read_record(folder / "RECORD")
            if f"{folder.name}/RECORD" not in rows:
                yield Damage(package, str((folder / "RECORD").relative_to(venv)), "is gone or cut short")
            for name, (digest, size) in rows.items():
                files.setdefault(name, []).append(Listed(package, digest, size))
        for name, listed in files.items():
            how = compare(site / name, listed, stamped)
            if how:
                yield Damage(listed[0].package, os.path.relpath(site / name, venv), how)


def read_record(path: Path) -> dict[str, tuple[str, str]]:
    """A RECORD's files with hash and size; what is no whole line of one is left out."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {row[0]: (row[1], row[2]) for row in csv.reader(file) if len(row) == 3}
    except (OSError, ValueError, csv.Error):
        return {}


def compare(path: Path, listed: list[Listed], stamped: float) -> str:
    """How a file differs from what is listed; of several packages with the same file any may be right."""
    try:
        status = path.stat()
    except OSError:
        return "is gone"
    sizes = {entry.size for entry in listed}
    if "" not in sizes and str(status.st_size) not in sizes:
        return f"has {status.st_size} bytes, not {listed[0].size}"
    digests = {entry.digest for entry in listed}
    if status.st_mtime <= stamped or "" in digests:
        return ""
    return "" if record_digest(path.read_bytes()) in digests else "was changed"


def record_digest(content: bytes) -> str:
    """How a RECORD writes the hash of a file's content."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def look_at_bytecode(venv: Path) -> Iterator[Damage]:
    """Load the bytecode that this Python would load; another Python's does no harm, it is written anew."""
    for path in venv.glob("lib/python3*/site-packages/**/__pycache__/*.pyc"):
        content = path.read_bytes()
        if content[:4] == importlib.util.MAGIC_NUMBER:
            try:
                marshal.loads(content[16:])
            except (EOFError, ValueError, TypeError):
                yield Damage("", str(path.relative_to(venv)), "is cut short")


if __name__ == "__main__":
    checked = Path(sys.argv[1])
    print(json.dumps([*look(checked), *(look_at_bytecode(checked) if "--bytecode" in sys.argv else ())]))
