"""Checks on infra/docker and what is like it: what images and compose files name exists, and fits the manifest."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tasks.doctor.repo import Finding, Repo

FOLDER = "infra/docker"
DOCKERFILE = f"{FOLDER}/Dockerfile"
IN_THE_IMAGE = re.compile(r"/app/((?!\.pixi)[\w./-]+\w)")


def commands_exist(repo: Repo, file: str, words: Sequence[str]) -> Iterator[Finding]:
    """Say what does not exist of a command that is given to pixiw, word by word: `run -e ENV TASK`."""
    if words[:1] != ["run"]:
        return
    rest = [*words[1:]]
    environment = rest.pop(1) if rest[:1] == ["-e"] else "default"
    task = rest[1] if rest[:1] == ["-e"] else rest[0]
    if environment not in repo.environments:
        yield Finding(file, f"no such environment: `{environment}`")
    elif task not in ("python", *repo.tasks_in(environment)):
        yield Finding(file, f"environment `{environment}` has no task `{task}`")


def images_fit(repo: Repo) -> Iterator[Finding]:
    """The Dockerfile names environments, versions and paths that there are.

    Mend the name. Versions of pixi and uv are those of .github/actions/pixi and tasks/pixiw/uv.txt.
    """
    text = repo.texts.get(DOCKERFILE, "")
    for names in re.findall(r'^ARG ENVIRONMENTS="(.*)"$', text, re.MULTILINE):
        for name in set(names.split()) - repo.environments.keys():
            yield Finding(DOCKERFILE, f"no such environment: `{name}`")
    for tool, file, pattern in (
        ("pixi", ".github/actions/pixi/action.yml", r"pixi-version: v([\d.]+)"),
        ("uv", "tasks/pixiw/uv.txt", r"^uv==([\d.]+)"),
    ):
        wanted = re.search(pattern, repo.texts.get(file, ""), re.MULTILINE)
        for version in re.findall(rf"^ARG {tool.upper()}_IMAGE=\S+/{tool}:([\d.]+)", text, re.MULTILINE):
            if wanted and version != wanted[1]:
                yield Finding(DOCKERFILE, f"{tool} is {version}, but {wanted[1]} in {file}")
    for path in IN_THE_IMAGE.findall(text):
        if not repo.exists(path):
            yield Finding(DOCKERFILE, f"no such path: `{path}`")


def compose_files(repo: Repo) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every compose file of the repository, with what it says."""
    for file, documents in repo.documents.items():
        if file.endswith("/compose.yaml"):
            yield file, documents[0]


def compose_files_fit(repo: Repo) -> Iterator[Finding]:
    """A compose file names tasks, files and variables that there are, and its example has each of its variables.

    Mend the name, or add the variable to the .env.example beside it.
    """
    for file, document in compose_files(repo):
        folder = posixpath.dirname(file)
        for service in document["services"].values():
            command = service.get("command", [])
            yield from commands_exist(repo, file, command if isinstance(command, list) else [])
            for volume in service.get("volumes", []):
                source = posixpath.normpath(f"{folder}/{volume.split(':')[0]}")
                if volume.startswith(".") and not repo.exists(source):
                    yield Finding(file, f"no such path: `{source}`")
        read = set(re.findall(r"\$\{(\w+):?[-?]", repo.texts[file]))
        example = repo.texts.get(f"{folder}/.env.example", "")
        told = set(re.findall(r"^(\w+)=", example, re.MULTILINE))
        for name in sorted(read - told):
            yield Finding(f"{folder}/.env.example", f"lacks a variable of {file}: `{name}`")
        for name in sorted(told - read):
            yield Finding(f"{folder}/.env.example", f"nobody reads: `{name}`")


def login_fits(repo: Repo) -> Iterator[Finding]:
    """The login in front of `ui` asks the port on which it answers, with secrets and variables given to it.

    Mend the Caddyfile, or the service `login` of the compose file.
    """
    file = f"{FOLDER}/Caddyfile"
    text = repo.texts.get(file, "")
    services = dict(compose_files(repo)).get(f"{FOLDER}/compose.yaml", {}).get("services", {})
    given = services.get("login", {})
    asked = services.get(given.get("network_mode", "").removeprefix("service:"), {}).get("command", [])
    ports = [word for before, word in itertools.pairwise(asked) if before == "--port"]
    for port in re.findall(r"reverse_proxy 127\.0\.0\.1:(\d+)", text):
        if port not in ports:
            yield Finding(file, f"`ui` does not answer on port {port}, but on: {', '.join(ports)}")
    for secret in re.findall(r"/run/secrets/(\w+)", text):
        if secret not in given.get("secrets", []):
            yield Finding(file, f"a secret that `login` is not given: `{secret}`")
    for variable in re.findall(r"\{\$(\w+)\}", text):
        if variable not in given.get("environment", {}):
            yield Finding(file, f"a variable that `login` is not given: `{variable}`")


CHECKS = (images_fit, compose_files_fit, login_fits)
