"""Make locks/<environment>.txt again from the pyproject files (uv), and pixi.lock where pixi is on PATH."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.errors import ConfigurationError
from shared.utils.files import write_whole
from shared.workspace.environments import outer_variables
from shared.workspace.installed import read_header
from shared.workspace.manifest import MANIFEST, Manifest, read_manifest
from tasks.environments import on_pixi, search_path
from tasks.lock_inputs import inputs_digest

# Waiting for the index takes longer than solving.
WORKERS = 4
# For one lock, on a slow network.
SECONDS = 1800.0


def lock_header(manifest: Manifest, environment: str) -> dict[str, str]:
    """What stands at the top of the environment's lock: all that the lock is made from."""
    entry = manifest.lock_sources[environment]
    header = {
        "environment": environment,
        "python": manifest.environment(environment).python() or "",
        "project": entry["project"],
        "groups": " ".join(entry.get("groups", [])),
        "extras": " ".join(entry.get("extras", [])),
    }
    return {**header, "inputs": inputs_digest(manifest.root, header) or ""}


def misfits(manifest: Manifest) -> list[str]:
    """One line for each lock that is missing, left over, or made from other inputs than today's."""
    expected = manifest.lock_sources
    found = {path.stem: path for path in sorted((manifest.root / "locks").glob("*.txt"))}
    lines = [f"locks/{name}.txt: missing" for name in expected if name not in found]
    lines += [f"locks/{name}.txt: not in [tool.pixiw.environments]" for name in found if name not in expected]
    for name in expected:
        if name in found:
            was, now = read_header(found[name]), lock_header(manifest, name)
            changed = [key for key in now if was.get(key, "") != now[key]]
            lines += [f"locks/{name}.txt: {key} was `{was.get(key, '')}`, is `{now[key]}`" for key in changed]
    return lines


def compile_lock(manifest: Manifest, environment: str, upgrade: bool) -> str | None:
    """Make one lock again, keeping the pins it has unless told to upgrade; returns uv's complaint where it fails."""
    header = lock_header(manifest, environment)
    lock = manifest.root / "locks" / f"{environment}.txt"
    pyproject = f"{header['project']}/pyproject.toml"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock.txt"
        if lock.exists():
            shutil.copy(lock, output)
        command = ["uv", "pip", "compile", pyproject, "--quiet", "--output-file", str(output)]
        command += ["--universal", "--generate-hashes", "--python-version", header["python"]]
        command += ["--no-emit-package", "shared", "--no-header", "--no-emit-index-url"]
        command += ["--upgrade"] if upgrade else []
        command += [part for group in header["groups"].split() for part in ("--group", f"{pyproject}:{group}")]
        command += [part for extra in header["extras"].split() for part in ("--extra", extra)]
        env = {**os.environ, "PATH": search_path()}
        result = subprocess.run(
            command, cwd=manifest.root, env=env, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        if result.returncode:
            return result.stderr.strip()
        top = "".join(f"# {key}: {value}".rstrip() + "\n" for key, value in header.items())
        text = f"{top}# Made by `pixi run lock`; edit {pyproject} instead.\n\n{output.read_text()}"
        if not lock.exists() or lock.read_text() != text:
            write_whole(lock, text)
    return None


def make_locks(manifest: Manifest, environments: list[str], upgrade: bool) -> int:
    """Make the locks again, some at a time; returns how many failed."""
    failures = 0

    def timed(environment: str) -> tuple[str | None, float]:
        started = time.monotonic()
        return compile_lock(manifest, environment, upgrade), time.monotonic() - started

    with ThreadPoolExecutor(WORKERS) as pool:
        for environment, (complaint, seconds) in zip(environments, pool.map(timed, environments), strict=True):
            if complaint is None:
                print(f"locks/{environment}.txt: {seconds:.1f} s", flush=True)
            else:
                failures += 1
                print(f"error: locks/{environment}.txt: {complaint}", file=sys.stderr)
    return failures


def pixi_program() -> str | None:
    """The pixi that runs this, else the one on PATH; None where there is none."""
    return os.environ.get("PIXI_EXE") if on_pixi() else shutil.which("pixi")


def conda_lock(root: Path, check: bool) -> int:
    """Let pixi make or check pixi.lock where it is on PATH; without it the file is left alone."""
    pixi = pixi_program()
    if not pixi:
        print("pixi.lock: left alone, no pixi on PATH")
        return 0
    command = [pixi, "lock", "--manifest-path", str(root / MANIFEST), *(["--check"] if check else [])]
    return subprocess.run(command, env=outer_variables(root, os.environ), check=False, timeout=SECONDS).returncode


def main(argv: Sequence[str] | None = None) -> int:
    """Make all locks or the named ones again, or say which do not fit."""
    parser = argparse.ArgumentParser(prog="pixi run lock", description=__doc__)
    parser.add_argument("environments", nargs="*", metavar="ENV", help="only these; default: all, and pixi.lock")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 and say which locks do not fit")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    arguments = parser.parse_args(argv)
    manifest = read_manifest(Path(os.environ.get("PIXI_PROJECT_ROOT", ".")).resolve())
    known = manifest.lock_sources
    if wrong := [name for name in arguments.environments if name not in known]:
        raise ConfigurationError(
            f"no environment with a lock: `{wrong[0]}`", hint=f"there is: {', '.join(sorted(known))}"
        )
    if arguments.check:
        lines = misfits(manifest)
        print("\n".join(lines) or "all locks fit their pyproject.toml")
        if lines:
            print("hint: run `pixi run lock`", file=sys.stderr)
        return 1 if lines else conda_lock(manifest.root, check=True)
    failures = make_locks(manifest, arguments.environments or list(known), arguments.upgrade)
    return 1 if failures or (not arguments.environments and conda_lock(manifest.root, check=False)) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ConfigurationError as error:
        print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
        sys.exit(2)
