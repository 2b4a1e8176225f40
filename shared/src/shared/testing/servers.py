"""PostgreSQL servers for tests, which come with what the warehouses of a platform need."""

from __future__ import annotations

from pathlib import Path

from shared.config.roles import read_databases, read_roles
from shared.postgres import passfile
from shared.postgres.server import HOSTS, LocalServer
from shared.warehouse.provision import close_to_public, new_passwords, provision, provision_own

TEMPLATE = "template_warehouse"


def new_server(folder: Path) -> LocalServer:
    """Describe a server for tests, which may lose what it holds when the machine crashes, though not when it is killed.

    Most of its work is to clone and drop databases, which costs half as much where it logs no more than it needs.
    """
    quick = {"fsync": "off", "shared_buffers": "64MB", "max_connections": "50"}
    quick |= {"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0"}
    return LocalServer(folder, configuration=quick, sync=False)


def prepare(server: LocalServer) -> None:
    """Make and start a server, with the projects' roles, their own databases and a warehouse to clone."""
    server.create()
    server.start()
    close_to_public(server.admin())
    provision(server.admin(TEMPLATE))
    logins = [role.login for role in read_roles()]
    for own, login in read_databases():
        provision_own(server.admin(own.name), login)
        logins.append(login)
    passfile.write(server.passwords, new_passwords(server.admin(), logins, hosts=HOSTS, port=passfile.ANY))
