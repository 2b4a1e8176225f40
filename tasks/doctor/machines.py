"""Checks on units of systemd, modules of Terraform and all paths that infra's files name: what they name exists."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tasks.doctor.containers import commands_exist
from tasks.doctor.repo import Finding, Repo

UNITS = "infra/systemd/"
TERRAFORM = "infra/terraform/"
PATH = re.compile(r"(?<![\w./-])(?:\./)?((?:docs|infra|projects|tasks|shared|benchmarks|locks)/[\w./-]*\w)")
# Made by following the docs.
MADE = ("infra/docker/secrets", "infra/docker/.env", "infra/docker/ours.yaml", "infra/lightdash/.env", "projects/labs/")


def units_fit(repo: Repo) -> Iterator[Finding]:
    """A unit starts a task that there is, and a timer has its service.

    Mend the command, or add the unit of the same name that ends in .service.
    """
    for file, text in repo.texts.items():
        if not file.startswith(UNITS):
            continue
        for words in re.findall(r"^ExecStart=\S+/pixiw (.*)$", text, re.MULTILINE):
            yield from commands_exist(repo, file, words.split())
        service = f"{file.removesuffix('.timer')}.service"
        if file.endswith(".timer") and not repo.exists(service):
            yield Finding(file, f"starts no unit: `{service}`")


def modules(repo: Repo) -> dict[str, str]:
    """What all files of each folder of Terraform say, by folder."""
    texts: dict[str, str] = {}
    for file, text in repo.texts.items():
        if file.startswith(TERRAFORM) and file.endswith(".tf"):
            folder = posixpath.dirname(file)
            texts[folder] = texts.get(folder, "") + text
    return texts


def variables_of(text: str) -> dict[str, str]:
    """The variables that a module declares, with what it says of each."""
    return dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL))


def terraform_fits(repo: Repo) -> Iterator[Finding]:
    """A module of Terraform reads variables that it declares and describes, and is called with those that it has.

    Declare the variable with a description, or mend the call.
    """
    texts = modules(repo)
    for folder, text in texts.items():
        declared = variables_of(text)
        for name in sorted(set(re.findall(r"\bvar\.(\w+)", text)) - declared.keys()):
            yield Finding(folder, f"no such variable: `{name}`")
        for name, body in declared.items():
            if "description" not in body:
                yield Finding(folder, f"the variable has no description: `{name}`")
        for name, body in re.findall(r'^module "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL):
            source = re.search(r'source *= *"(.*?)"', body)
            called = texts.get(posixpath.normpath(f"{folder}/{source[1]}") if source else "")
            if called is None:
                yield Finding(folder, f"module `{name}` has no such source: `{source[1] if source else ''}`")
                continue
            takes = variables_of(called)
            given = set(re.findall(r"^  (\w+) *=", body, re.MULTILINE)) - {"source"}
            needed = {each for each, said in takes.items() if "default" not in said}
            for each in sorted(given - takes.keys()):
                yield Finding(folder, f"module `{name}` takes no `{each}`")
            for each in sorted(needed - given):
                yield Finding(folder, f"module `{name}` needs `{each}`")
            outputs = set(re.findall(r'^output "(\w+)"', called, re.MULTILINE))
            for each in sorted(set(re.findall(rf"\bmodule\.{name}\.(\w+)", text)) - outputs):
                yield Finding(folder, f"module `{name}` has no output `{each}`")


def named_paths_exist(repo: Repo) -> Iterator[Finding]:
    """Every path of the repository that a file of infra/ names exists.

    Mend the path. What is made by following the docs belongs to MADE in tasks/doctor/machines.py.
    """
    for file, place, line in repo.lines():
        if file.startswith("infra/"):
            for path in PATH.findall(line):
                if not repo.exists(path) and not path.startswith(MADE):
                    yield Finding(place, f"no such path: `{path}`")


CHECKS = (units_fit, terraform_fits, named_paths_exist)
