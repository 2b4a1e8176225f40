"""Checks on projects: what each must have."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.doctor.repo import Finding, Repo

EVERY_PROJECT_HAS = ("pyproject.toml", ".python-version", "README.md")


def projects_are_whole(repo: Repo) -> Iterator[Finding]:
    """Every project has pyproject.toml, .python-version, README.md and an environment.

    Copy another project's file and edit it; name the project in [tool.pixiw.environments] of pixi.toml.
    """
    for project in repo.projects:
        for name in EVERY_PROJECT_HAS:
            if not repo.exists(f"{project}/{name}"):
                yield Finding(f"{project}/{name}", "does not exist")
        if project not in {source["project"] for source in repo.manifest.lock_sources.values()}:
            yield Finding("pixi.toml", f"no environment is made from the project: `{project}`")


CHECKS = (projects_are_whole,)
