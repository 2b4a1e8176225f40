"""The recipe for Lightdash is whole: what can be told of it without a container engine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "infra/lightdash"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return the compose file."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    return found


def test_services_refer_to_what_there_is(compose: dict[str, Any]) -> None:
    """Each service that another one waits for, each network and each named volume is declared."""
    for service in compose["services"].values():
        assert set(service.get("depends_on", {})) <= set(compose["services"])
        assert set(service.get("networks", [])) <= {"default", *compose["networks"]}
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(compose["volumes"])
    for service in compose["services"].values():
        for name, waited in service.get("depends_on", {}).items():
            assert waited["condition"] != "service_healthy" or "healthcheck" in compose["services"][name]


def test_images_have_fixed_tags(compose: dict[str, Any]) -> None:
    """No image is `latest`, and Lightdash's is the release that the kept schemas are from."""
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert all(re.fullmatch(r"[\w./-]+:[\w.-]*\d[\w.-]*", image) for image in images.values()), images
    release = images["lightdash"].rpartition(":")[2]
    assert f"`@lightdash/common` {release}" in (ROOT / "projects/reporting/schemas/README.md").read_text(
        encoding="utf-8"
    )
    assert f"Lightdash {release}" in PAGE


def test_variables_are_those_of_the_example(compose: dict[str, Any]) -> None:
    """The example has each variable that the compose file reads and no other, and no secret has a value in either."""
    read = re.findall(r"\$\{(\w+)(:[?-])", json.dumps(compose))
    example = dict(
        line.split("=", 1)
        for line in (FOLDER / ".env.example").read_text("utf-8").splitlines()
        if re.match(r"\w+=", line)
    )
    assert {name for name, _ in read} == set(example)
    assert all(example[name] == "" for name, kind in read if kind == ":?")


def test_ports_are_open_to_this_machine_alone(compose: dict[str, Any]) -> None:
    """What is published is published on loopback; databases are not published at all."""
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert list(published) == ["lightdash"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_network_is_that_of_the_warehouse(compose: dict[str, Any]) -> None:
    """Lightdash joins the network of the warehouse's own compose file, in which the server is `postgres`."""
    warehouse = yaml.safe_load((ROOT / "infra/docker/compose.yaml").read_text(encoding="utf-8"))
    assert compose["networks"]["warehouse"]["name"] == f"{warehouse['name']}_default"
    assert "WAREHOUSE_HOST=postgres " in PAGE
    assert "postgres" in warehouse["services"]


def test_paths_of_the_page_exist() -> None:
    """Each file or folder of the repository that the page names is there, but for what is made by following it."""
    named = set(re.findall(r"(?:infra|projects|tasks)/[\w./-]*\w", PAGE)) - {"infra/lightdash/.env"}
    missing = [name for name in named if not (ROOT / name).exists()]
    assert named
    assert missing == []


def test_variables_of_the_page_are_those_of_the_profile() -> None:
    """The page sets each variable that the profile needs on PostgreSQL."""
    profile = yaml.safe_load((ROOT / "projects/reporting/profiles.yml").read_text(encoding="utf-8"))
    needed = re.findall(r"env_var\('(\w+)'\)", json.dumps(profile["platform"]["outputs"]["postgres"]))
    assert needed
    assert all(f"{name}=" in PAGE for name in needed)
