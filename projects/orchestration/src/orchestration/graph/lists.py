"""What the projects have: asked of each by its own command, and kept until one of its files changes.

Dagster loads the graph in several processes and again on each change, in which nothing else may be started; so it reads
what `./pixiw run asset-lists` has kept, and says so where that is missing or older than the project.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from orchestration.graph.projects import LABS, PROJECTS, TRANSFORMATION, Command, Project
from shared.config import Settings
from shared.errors import ConfigurationError, PlatformError
from shared.utils.console import say
from shared.utils.files import write_whole
from shared.utils.processes import run
from shared.warehouse.opening import engine_of

# What a project writes into its folder, and what its list does not depend on.
OTHER_FOLDERS = frozenset({"target", "data", "tests", "outputs", "logs", "__pycache__"})
ENDINGS = (".py", ".sql", ".yml", ".yaml", ".toml")
TASK = "./pixiw run asset-lists"
ASK_SECONDS = 300.0


class ListFailed(PlatformError):
    """A project did not say what it has."""

    code = "list_failed"


def refresh_lists(settings: Settings) -> None:
    """Ask those projects anew whose files have changed since they were asked.

    Raises:
        ConfigurationError: A project's environment is not installed.
        ListFailed: A project's command failed.
    """
    stale = [project for project in PROJECTS if not _is_current(project, settings)]
    with ThreadPoolExecutor() as pool:
        for project, _ in zip(stale, pool.map(lambda project: _refresh(project, settings), stale), strict=True):
            say(f"{project.name}: asked")
    if not stale:
        say("the lists of all projects are current")


def read_list(project: Project, settings: Settings) -> dict[str, Any]:
    """Return what a project has said; of transformation it is dbt's manifest.

    Raises:
        ConfigurationError: It was not asked yet, or something of it has changed since.
    """
    if not _is_current(project, settings):
        how = "is out of date" if _kept(project, settings).is_file() else "is missing"
        raise ConfigurationError(f"what project `{project.name}` has {how}", hint=f"run `{TASK}`")
    content: dict[str, Any] = json.loads(_kept(project, settings).read_text("utf-8"))
    return read_manifest(settings.root / content["manifest"]) if project is TRANSFORMATION else content


def read_manifest(path: Path) -> dict[str, Any]:
    """Return a manifest of dbt's.

    Raises:
        ConfigurationError: It is not there, or no JSON.
    """
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"cannot read dbt's manifest: `{path}`", hint=f"run `{TASK}`") from error
    return manifest


def _refresh(project: Project, settings: Settings) -> None:
    stamp = _stamp_of(project, settings)
    output = _ask(project.command(*project.lister), settings)
    if project is TRANSFORMATION:
        output = json.dumps({"manifest": os.path.relpath(output.strip(), settings.root)})
    if project is LABS:
        _ask(project.command("manifest"), settings)
    kept = _kept(project, settings)
    write_whole(kept, output)
    # Last: a list without its stamp is asked for again.
    write_whole(kept.with_suffix(".stamp"), stamp)


def _ask(command: Command, settings: Settings) -> str:
    found = run(command.line(settings), seconds=ASK_SECONDS, env=command.variables(settings), cwd=settings.root)
    if found.returncode:
        raise ListFailed(
            f"failed: `{command.text}`: {found.stderr.strip() or f'exit code {found.returncode}'}",
            hint="correct what it names, then run it again",
        )
    return found.stdout


def _is_current(project: Project, settings: Settings) -> bool:
    try:
        return _kept(project, settings).with_suffix(".stamp").read_text() == _stamp_of(project, settings)
    except OSError:
        return False


def _kept(project: Project, settings: Settings) -> Path:
    folder = engine_of(settings) if project.by_engine else ""
    return settings.data_dir / "orchestration" / "lists" / folder / f"{project.name}.json"


def _stamp_of(project: Project, settings: Settings) -> str:
    """Return a hash of all files that a project's list may come from."""
    roots = {project.folder(settings.root), *([settings.labs_dir] if project is LABS else [])}
    digest = hashlib.sha256()
    for path in sorted(file for root in roots for file in _files(root)):
        digest.update(f"{path}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for directory, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in OTHER_FOLDERS and not name.startswith(".")]
        yield from (Path(directory, name) for name in names if name.endswith(ENDINGS))
