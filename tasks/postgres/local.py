"""The local server under `data/`: where it is, on which port, and what is on it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shared.config import Settings
from shared.config.roles import read_databases, read_roles
from shared.errors import ConfigurationError
from shared.postgres import passfile
from shared.postgres.server import HOSTS, LocalServer, is_free
from shared.postgres.target import PostgresTarget, not_a_url
from shared.utils.console import say, step
from shared.warehouse.provision import close_to_public, new_passwords, provision, provision_own

WAREHOUSE = "warehouse"
# Beside the one that PostgreSQL's own packages take.
USUAL_PORT = 5433
PORTS_TRIED = 50


@dataclass(frozen=True)
class Place:
    """A server on which the platform's databases are or shall be.

    Attributes:
        admin: A login that may create databases and roles.
        local: The local server, where it is that one.
    """

    admin: PostgresTarget
    local: LocalServer | None
    settings: Settings

    def url(self, database: str) -> str:
        """The URL of a database there, without a login."""
        return self.admin_of(database).location

    def admin_of(self, database: str) -> PostgresTarget:
        """The administrator's login in a database there."""
        return replace(self.admin, database=database)

    def keep_passwords(self, logins: Sequence[str], *, anew: bool = False) -> None:
        """Give these logins passwords and keep them in the passfile; those that are there stay, unless `anew`."""
        hosts, port = (HOSTS, passfile.ANY) if self.local else ((self.admin.host,), str(self.admin.port))
        file = self.settings.passfile
        there = {entry.user for entry in passfile.read(file) if entry.host in hosts} if file.is_file() else set()
        missing = [login for login in logins if anew or login not in there]
        passfile.write(file, new_passwords(self.admin_of("postgres"), missing, hosts=hosts, port=port))


def local_server(settings: Settings) -> LocalServer:
    """Return the local server, running or not, made or not."""
    return LocalServer(settings.postgres_dir, passwords=settings.passfile)


def start(server: LocalServer) -> tuple[int, bool]:
    """Start the server, making it first where there is none; return its port and whether it did not run before.

    Raises:
        ConfigurationError: POSTGRES_PORT is no port or is taken.
    """
    if server.port is not None:
        return server.port, False
    if server.create():
        say(f"made a PostgreSQL server in `{server.folder}`")
    # Or the port of a server that was killed a moment ago would count as another program's.
    server.settle()
    with step("start PostgreSQL"):
        port = server.start(choose_port(server))
    remembered(server).write_text(f"{port}\n", encoding="utf-8")
    return port, True


def choose_port(server: LocalServer) -> int:
    """Return POSTGRES_PORT, or the port of last time, or the next one that is free."""
    wanted = os.environ.get("POSTGRES_PORT", "")
    if wanted:
        if not (wanted.isdigit() and 0 < int(wanted) < 65536):
            raise ConfigurationError(f"POSTGRES_PORT is no port: `{wanted}`", hint="give a number from 1 to 65535")
        return int(wanted)
    last = remembered(server)
    first = int(last.read_text(encoding="utf-8")) if last.is_file() else USUAL_PORT
    for port in range(first, first + PORTS_TRIED):
        if is_free(port):
            if port != first:
                say(f"port {first} is taken by another program: using {port}, so URLs of this server change")
            return port
    raise ConfigurationError(
        f"no free port from {first} to {first + PORTS_TRIED - 1}", hint="choose one with POSTGRES_PORT"
    )


def remembered(server: LocalServer) -> Path:
    """Return the file with the port of last time."""
    return server.folder / "port"


def place(settings: Settings) -> Place:
    """Return the server that POSTGRES_ADMIN_URL names, or the local one, started.

    Raises:
        ConfigurationError: POSTGRES_ADMIN_URL is no URL with a user.
    """
    url = os.environ.get("POSTGRES_ADMIN_URL", "")
    if url:
        admin = PostgresTarget.from_url(url, user="", passfile=settings.passfile, setting="POSTGRES_ADMIN_URL")
        if not admin.user:
            raise not_a_url("it names no user", "POSTGRES_ADMIN_URL")
        return Place(admin, None, settings)
    server = local_server(settings)
    start(server)
    return Place(server.admin(), server, settings)


def init(settings: Settings, *, database: str = WAREHOUSE, anew: bool = False) -> Place:
    """Make the warehouse's database with its layers and roles, and those that projects have beside it, or update them.

    The local server is started for it.
    """
    where = place(settings)
    with step(f"database, layers and roles on {where.admin.address}"):
        if where.local:
            close_to_public(where.admin)
        provision(where.admin_of(database))
        logins = [role.login for role in read_roles()]
        for own, login in read_databases():
            provision_own(where.admin_of(own.name), login)
            logins.append(login)
        where.keep_passwords(logins, anew=anew)
    return where
