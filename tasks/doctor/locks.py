"""Checks on the locks: complete, hashed, free of addresses, in step with the manifest and with one another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet

from tasks.doctor.repo import Finding, Repo
from tasks.locks import misfits

SAME_EVERYWHERE = ("duckdb",)
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)


def lock_of(environment: str) -> str:
    """The file that pins the environment's Python packages."""
    return f"locks/{environment}.txt"


def locked(repo: Repo) -> list[str]:
    """The environments that have a lock."""
    return [name for name in repo.environments if lock_of(name) in repo.texts]


def locks_fit(repo: Repo) -> Iterator[Finding]:
    """Every environment with a Python has a lock, made from pixi.toml and the pyproject files as they are now.

    Mend [tool.pixiw.environments], or run `./pixiw run lock` and commit what it makes.
    """
    with_python = {name for name in repo.environments if repo.python_of(name)}
    for name in sorted(with_python ^ repo.manifest.lock_sources.keys()):
        yield Finding("pixi.toml", f"in only one of [environments] and [tool.pixiw.environments]: `{name}`")
    if with_python == repo.manifest.lock_sources.keys():
        yield from (Finding(*line.split(": ", 1)) for line in misfits(repo.manifest))


def packages_are_hashed(repo: Repo) -> Iterator[Finding]:
    """Every package of every lock is pinned with a hash, from no address.

    Never edit a lock by hand: run `./pixiw run lock`.
    """
    for name in locked(repo):
        # A backslash at a line's end joins it with the next.
        for line in repo.texts[lock_of(name)].replace("\\\n", " ").splitlines():
            pinned = PIN.match(line) and "--hash=sha256:" in line and "://" not in line
            if line.strip() and not line.lstrip().startswith("#") and not pinned:
                yield Finding(lock_of(name), f"not pinned with a hash: `{line.split(' --hash')[0].strip()}`")


def pythons_agree(repo: Repo) -> Iterator[Finding]:
    """The Python of every environment is the one that its project's requires-python and .python-version name.

    The features of pixi.toml decide: mend the others, then run `./pixiw run lock`.
    """
    pythons: dict[str, set[str]] = defaultdict(set)
    for name, source in repo.manifest.lock_sources.items():
        if name in repo.environments:
            pythons[source["project"]].add(repo.python_of(name) or "none")
    for project, minors in pythons.items():
        required = repo.pyproject(project).get("project", {}).get("requires-python", "")
        for minor in sorted(minors):
            if not SpecifierSet(required).contains(f"{minor}.0"):
                yield Finding(f"{project}/pyproject.toml", f"requires-python `{required}` shuts out: {minor}")
        version = repo.texts.get(f"{project}/.python-version", "").strip()
        if version and version not in minors:
            told = ", ".join(sorted(minors))
            yield Finding(f"{project}/.python-version", f"{version} is not what pixi.toml has: {told}")


def one_version_everywhere(repo: Repo) -> Iterator[Finding]:
    """DuckDB has one version in all locks, so that any environment reads what another wrote.

    Pin it in shared/pyproject.toml only, and run `./pixiw run lock`.
    """
    for package in SAME_EVERYWHERE:
        versions: dict[str, list[str]] = defaultdict(list)
        for name in locked(repo):
            for found, version in PIN.findall(repo.texts[lock_of(name)]):
                if found.lower() == package:
                    versions[version].append(name)
        if len(versions) > 1:
            told = "; ".join(f"{version} in {', '.join(names)}" for version, names in sorted(versions.items()))
            yield Finding("locks/", f"several versions of {package}: {told}")


def pixi_lock_is_complete(repo: Repo) -> Iterator[Finding]:
    """pixi.lock has every environment and platform of pixi.toml, and every conda package that its features ask for.

    Run `pixi lock` and commit what it makes.
    """
    text = repo.texts.get("pixi.lock", "environments: {}")
    environments = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["environments"]
    for name in sorted(environments.keys() ^ repo.environments.keys()):
        yield Finding("pixi.lock", f"an environment that only one of pixi.lock and pixi.toml has: `{name}`")
    for name in sorted(environments.keys() & repo.environments.keys()):
        for platform in repo.manifest.workspace["platforms"]:
            versions = conda_versions(environments[name]["packages"].get(platform, []))
            for package, spec in conda_specs(repo, name, platform).items():
                if not conda_fits(versions.get(package), spec):
                    found = versions.get(package, "no version")
                    yield Finding("pixi.lock", f"`{name}` on {platform} asks for {package} {spec} and has {found}")


def conda_versions(packages: list[dict[str, str]]) -> dict[str, str]:
    """The versions of conda packages by name, from their file names: `<name>-<version>-<build>.conda`."""
    parts = [entry["conda"].rpartition("/")[2].rsplit("-", 2) for entry in packages if "conda" in entry]
    return {name: version for name, version, _ in parts}


def conda_specs(repo: Repo, environment: str, platform: str) -> dict[str, Any]:
    """What the environment's features ask for on a platform."""
    features = [repo.manifest.features.get(name, {}) for name in repo.environments[environment]]
    tables = [table for feature in features for table in (feature, feature.get("target", {}).get(platform, {}))]
    return {package: spec for table in tables for package, spec in table.get("dependencies", {}).items()}


def conda_fits(version: str | None, spec: object) -> bool:
    """Whether there is a version, and it is what a spec such as `3.10.*`, `>=0.11` or `*` asks for."""
    text = str(spec.get("version", "*") if isinstance(spec, dict) else spec)
    specifier = "" if text == "*" else text if text[0] in "<>=!~" else f"=={text}"
    return version is not None and SpecifierSet(specifier).contains(version)


CHECKS = (
    locks_fit,
    packages_are_hashed,
    pythons_agree,
    one_version_everywhere,
    pixi_lock_is_complete,
)
