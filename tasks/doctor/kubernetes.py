"""Checks on infra/kubernetes: what manifests name exists in the repository, in pixi.toml and among themselves."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from tasks.doctor.containers import IN_THE_IMAGE, commands_exist
from tasks.doctor.repo import Finding, Repo

FOLDER = "infra/kubernetes/"
# What people or the cluster bring: secrets of the overlay without a vault, and the cluster's own.
BROUGHT = {"flow", "postgres"}


def objects(repo: Repo) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of every manifest, with its file."""
    for file, documents in repo.documents.items():
        if file.startswith(FOLDER):
            yield from ((file, found) for found in documents if found)


def pods(repo: Repo) -> Iterator[tuple[str, dict[str, Any]]]:
    """The spec of every pod that a manifest describes, with its file."""
    for file, found in objects(repo):
        spec = found.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        spec = spec.get("template", {}).get("spec", spec)
        if "containers" in spec:
            yield file, spec


def pods_fit(repo: Repo) -> Iterator[Finding]:
    """A pod runs commands, environments and paths that there are, and asks `ui` on the port that it is given.

    Mend the name in the manifest.
    """
    for file, spec in pods(repo):
        for container in spec["containers"]:
            yield from commands_exist(repo, file, container.get("args", []))
            for path in IN_THE_IMAGE.findall(str(container)):
                if not repo.exists(path):
                    yield Finding(file, f"no such path: `{path}`")
            for entry in container.get("env", []):
                named = entry.get("value", "").split() if entry["name"].endswith("_ENVIRONMENTS") else []
                for name in set(named) - repo.environments.keys():
                    yield Finding(file, f"no such environment: `{name}`")
        words = [str(word) for container in spec["containers"] for word in container.get("args", [])]
        served = {after for before, after in itertools.pairwise(words) if before == "--port"}
        for port in re.findall(r"--upstream=http://127\.0\.0\.1:(\d+)", " ".join(words)):
            if port not in served:
                yield Finding(file, f"`ui` does not answer on port {port}, but on: {', '.join(served)}")


def references_lead_somewhere(repo: Repo) -> Iterator[Finding]:
    """An account, claim, secret, ConfigMap or named port that a manifest names is declared by one.

    Declare it, or mend the name. A secret is declared by an ExternalSecret; one that people make themselves belongs to
    BROUGHT in tasks/doctor/kubernetes.py.
    """
    there = {(found["kind"], found["metadata"]["name"]) for _, found in objects(repo) if "metadata" in found}
    for _, found in objects(repo):
        there.update(("ConfigMap", made["name"]) for made in found.get("configMapGenerator", []))
    there.update(("Secret", name) for kind, name in [*there] if kind == "ExternalSecret")
    there.update(("Secret", name) for name in BROUGHT)
    there.update(
        ("Port", port["name"])
        for _, spec in pods(repo)
        for each in spec["containers"]
        for port in each.get("ports", [])
    )
    for file, kind, name in sorted(references(repo)):
        if (kind, name) not in there:
            yield Finding(file, f"no such {kind}: `{name}`")


def references(repo: Repo) -> Iterator[tuple[str, str, str]]:
    """What manifests name of one another: file, kind, name; of a pod's template for each environment that has one."""
    steps = {word for _, spec in pods(repo) for each in spec["containers"] for entry in each.get("env", [])
             if entry["name"].endswith("POD_ENVIRONMENTS") for word in entry["value"].split()}  # fmt: skip
    for file, spec in pods(repo):
        if "serviceAccountName" in spec:
            yield file, "ServiceAccount", spec["serviceAccountName"]
        for volume in spec.get("volumes", []):
            for key, kind, named in (
                ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
                ("configMap", "ConfigMap", "name"),
                ("secret", "Secret", "secretName"),
            ):
                if key in volume:
                    yield file, kind, volume[key][named]
        for container in spec["containers"]:
            for source in container.get("envFrom", []):
                name = source["secretRef"]["name"]
                names = {name.replace("{environment}", step) for step in steps} if "{" in name else {name}
                yield from ((file, "Secret", each) for each in names)
            for entry in container.get("env", []):
                if "configMapKeyRef" in entry.get("valueFrom", {}):
                    yield file, "ConfigMap", entry["valueFrom"]["configMapKeyRef"]["name"]
    for file, found in objects(repo):
        if found["kind"] == "Service":
            ports = found["spec"]["ports"]
            yield from ((file, "Port", port["targetPort"]) for port in ports if isinstance(port.get("targetPort"), str))


CHECKS = (pods_fit, references_lead_somewhere)
