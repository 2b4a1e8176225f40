"""The local server: made, started, stopped, killed, with whatever a crash leaves behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.postgres import passfile
from shared.postgres import server as servers
from shared.postgres.server import HOST, LocalServer, ServerFailed

pytestmark = pytest.mark.postgres

START = """
import pathlib, sys
from shared.postgres.server import LocalServer
print(LocalServer(pathlib.Path(sys.argv[1])).start())
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    """Return a server that does not exist yet."""
    server = LocalServer(tmp_path / "server", configuration={"fsync": "off", "shared_buffers": "16MB"}, sync=False)
    yield server
    server.stop()


def answers(server: LocalServer) -> bool:
    """Tell whether the server answers a query."""
    session = server.admin().connect("test")
    with session.cursor() as cursor:
        cursor.execute("select 1")
        found = bool(cursor.fetchone() == (1,))
    session.close()
    return found


def test_free_port_is_one_that_the_system_gives_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for any port gets none of these; with all of them taken it is an error."""
    with socket.create_server((HOST, 0)) as any_port, socket.create_server((HOST, servers.free_port())) as chosen:
        assert any_port.getsockname()[1] not in servers.UNASSIGNED
        port = chosen.getsockname()[1]
        assert port in servers.UNASSIGNED
        monkeypatch.setattr(servers, "UNASSIGNED", range(port, port + 1))
        monkeypatch.setattr(servers, "PORTS_TRIED", 1)
        with pytest.raises(ServerFailed, match="no free port"):
            servers.free_port()


def test_life_of_a_server(server: LocalServer) -> None:
    """It is made once, starts on a port of its own, answers on loopback alone, stops; each step twice in a row."""
    assert server.create()
    assert not server.create()
    port = server.start()
    assert server.start() == port == server.port
    assert answers(server)
    session = server.admin().connect("test")
    with session.cursor() as cursor:
        cursor.execute("show listen_addresses")
        assert cursor.fetchone() == (HOST,)
    session.close()
    assert server.stop()
    assert not server.stop()
    assert server.pid is None
    assert server.start(port) == port
    assert answers(server)


def test_nobody_gets_in_without_a_password(server: LocalServer) -> None:
    """No line of the server's access file trusts anybody, and only its owner can read the passwords."""
    server.create()
    lines = (server.cluster / "pg_hba.conf").read_text().splitlines()
    methods = {line.split()[-1] for line in lines if line.strip() and not line.startswith("#")}
    assert methods == {"scram-sha-256"}
    assert server.passwords.stat().st_mode & 0o077 == 0


def test_taken_port_is_named(server: LocalServer) -> None:
    """A port on which another program listens is an error with a hint; without a port a free one is taken."""
    server.create()
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"taken by another program: {taken}"):
            server.start(taken)
        assert server.start() != taken


def test_killed_server_starts_again(server: LocalServer) -> None:
    """After SIGKILL the server is known not to run, and starts on the same port with what was committed."""
    server.create()
    port = server.start()
    session = server.admin().connect("test")
    with session.cursor() as cursor:
        cursor.execute("create table kept as select 42 as n")
    server.kill()
    assert server.pid is None
    assert server.port is None
    server.start(port)
    again = server.admin().connect("test")
    with again.cursor() as cursor:
        cursor.execute("select n from kept")
        assert cursor.fetchone() == (42,)
    again.close()


def test_process_id_of_another_program_is_no_server(server: LocalServer) -> None:
    """A pid file left by a crash whose number belongs to another program by now does not count as a server."""
    server.create()
    server.start()
    server.kill()
    file = server.cluster / "postmaster.pid"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert server.pid is None
    server.start()
    assert answers(server)


def test_interrupted_creation_is_made_good(server: LocalServer) -> None:
    """What a killed creation has left is thrown away, and the cluster is made whole."""
    (server.folder / "cluster.part").mkdir(parents=True)
    (server.folder / "cluster.part" / "PG_VERSION").write_text("17\n")
    (server.folder / ".password").write_text("old")
    assert not server.exists
    assert server.create()
    server.start()
    assert answers(server)
    assert not (server.folder / ".password").exists()


def test_server_that_cannot_start_says_why(server: LocalServer) -> None:
    """A server with a wrong setting does not start; the message has PostgreSQL's reason and the hint names the log."""
    server.create()
    with (server.cluster / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = 'plenty'\n")
    with pytest.raises(ServerFailed, match="does not start") as raised:
        server.start()
    assert "server.log" in str(raised.value.hint)


def test_server_outlives_whoever_started_it(server: LocalServer) -> None:
    """The process that started the server may end, also by Ctrl-C, and the server goes on."""
    server.create()
    command = [sys.executable, "-c", START, str(server.folder)]
    started = subprocess.run(command, capture_output=True, text=True, check=True)
    assert server.port == int(started.stdout)
    assert answers(server)


def test_no_server_is_an_error_with_a_hint(server: LocalServer) -> None:
    """Starting what was never made, or asking for the login of what does not run, names the command that helps."""
    with pytest.raises(ConfigurationError) as raised:
        server.start()
    assert "postgres-init" in str(raised.value.hint)
    server.create()
    with pytest.raises(ServerFailed) as failed:
        server.admin()
    assert "postgres-start" in str(failed.value.hint)


def test_password_is_that_of_the_cluster(server: LocalServer) -> None:
    """The password in the file is the administrator's, under every name of this machine."""
    server.create()
    found = {entry.host: entry.password for entry in passfile.read(server.passwords)}
    assert found.keys() == {"127.0.0.1", "localhost"}
    assert len(set(found.values())) == 1
