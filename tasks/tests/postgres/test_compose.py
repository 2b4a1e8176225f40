"""The compose file describes the same server as the local one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.postgres.server import ADMIN, CONFIGURATION, LocalServer
from shared.postgres.target import OLDEST

FILE = Path(__file__).parents[3] / "infra" / "docker" / "compose.yaml"
# A container listens on all of its own addresses, and its image chooses the socket.
OF_THE_LOCAL_SERVER = {"listen_addresses", "unix_socket_directories"}


@pytest.fixture
def service() -> dict[str, Any]:
    """Return the server's entry in the compose file."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]["postgres"]
    return found


def test_settings_are_those_of_the_local_server(service: dict[str, Any]) -> None:
    """The container's server has the version and each setting of the local one, and no other."""
    assert service["image"].startswith(f"postgres:{OLDEST}.")
    given = dict(argument.removeprefix("-c").split("=", 1) for argument in service["command"][1:])
    assert given == {name: value for name, value in CONFIGURATION.items() if name not in OF_THE_LOCAL_SERVER}


def test_cluster_is_made_as_the_local_one(service: dict[str, Any], tmp_path: Path) -> None:
    """`initdb` gets the same arguments, so text sorts alike and nobody is let in without a password."""
    arguments = LocalServer(tmp_path)._initdb_arguments(tmp_path, tmp_path)
    pairs = dict(zip(arguments[::2], arguments[1::2], strict=True))
    given = dict(argument.split("=") for argument in service["environment"]["POSTGRES_INITDB_ARGS"].split())
    assert given == {name: value for name, value in pairs.items() if name not in ("--pgdata", "--username", "--pwfile")}
    assert service["environment"]["POSTGRES_HOST_AUTH_METHOD"] == "scram-sha-256"
    assert f"--username={ADMIN}" in service["healthcheck"]["test"]


def test_port_is_open_to_this_machine_alone(service: dict[str, Any]) -> None:
    """The server is published on loopback, and its password comes from a secret and not from the file."""
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "POSTGRES_PASSWORD" not in service["environment"]
