"""`python -m tasks.postgres init|start|stop|status|seed|shell|demo`: the local PostgreSQL server and what is on it.

POSTGRES_PORT chooses the local server's port. POSTGRES_ADMIN_URL lets `init` and `seed` work on another server.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from shared.command_line import Parser, command
from shared.config import Settings, get_settings
from shared.config.roles import login_of, read_databases, read_roles
from shared.errors import UserError
from shared.postgres.server import ADMIN
from shared.postgres.target import PostgresTarget
from shared.postgres.tools import bin_dir
from shared.utils.console import say
from shared.warehouse.opening import engine_of
from tasks.postgres.demo import run_demo
from tasks.postgres.local import WAREHOUSE, Place, init, local_server, place, start
from tasks.postgres.seed import seed

NOT_RUNNING = 3
ACTIONS = {
    "init": "make the warehouse's database with its layers and roles; starts the server, safe to repeat",
    "start": "start the server and say how to use it",
    "stop": "stop the server; what is in it stays",
    "status": f"say whether it runs, and what is on it; ends with {NOT_RUNNING} where it does not run",
    "seed": "make the demo's ERP database and fill it with real data",
    "shell": "open psql; what follows goes to psql",
    "demo": "run the demo with the warehouse on the local server, and leave the server as it was",
}


def main(arguments: Sequence[str]) -> int:
    """Run one command."""
    parser = Parser(prog="python -m tasks.postgres", description="The local PostgreSQL server and what is on it.")
    actions = parser.add_subparsers(dest="action", required=True)
    parsers = {name: actions.add_parser(name, help=text) for name, text in ACTIONS.items()}
    parsers["init"].add_argument("--new-passwords", action="store_true", help="also give the roles new passwords")
    parsers["shell"].add_argument(
        "--role", choices=["admin", *(role.name for role in read_roles())], default="admin", help="whom to be"
    )
    for name in ("init", "shell"):
        parsers[name].add_argument("--database", default=WAREHOUSE, metavar="NAME", help=f"default: {WAREHOUSE}")
    options, rest = parser.parse_known_args(arguments)
    if rest and options.action != "shell":
        raise UserError(f"unknown argument: `{rest[0]}`", hint=f"`{options.action}` takes none; see --help")
    settings = get_settings()
    if options.action == "init":
        tell(init(settings, database=options.database, anew=options.new_passwords), options.database)
    elif options.action == "start":
        server = local_server(settings)
        _, started = start(server)
        say("" if started else "it runs already")
        tell(Place(server.admin(), server, settings))
    elif options.action == "stop":
        say("stopped" if local_server(settings).stop() else "it does not run")
    elif options.action == "status":
        return status(settings)
    elif options.action == "seed":
        print(f"export ERP_URL={seed(place(settings))}")
    elif options.action == "shell":
        return shell(settings, options.role, options.database, rest)
    else:
        return run_demo(settings)
    return 0


def tell(where: Place, database: str = WAREHOUSE) -> None:
    """Say how to use the server: standard output is what a shell can evaluate."""
    say(f"passwords of the roles: `{where.settings.passfile}`, which only you can read")
    print(f"export WAREHOUSE_URL={where.url(database)}")
    # A project whose setting is left out keeps what it has in files.
    for own, _ in read_databases():
        print(f"export {own.setting}={where.url(own.name)}")


def status(settings: Settings) -> int:
    """Print whether the local server runs and which databases it has."""
    server = local_server(settings)
    if server.port is None:
        print("not running" if server.exists else "not made yet: `./pixiw run postgres-init`")
        return NOT_RUNNING
    connection = server.admin().connect("postgres-status")
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        ((version,),) = cursor.fetchall()
        cursor.execute(
            "select datname, pg_size_pretty(pg_database_size(oid)), "
            "(select count(*) from pg_stat_activity where datid = pg_database.oid and pid <> pg_backend_pid()) "
            "from pg_database where not datistemplate order by datname"
        )
        databases = cursor.fetchall()
    connection.close()
    print(f"PostgreSQL {version} runs on {server.admin().address}, process {server.pid}, in `{server.folder}`")
    for name, size, sessions in databases:
        print(f"  {name}: {size}, {sessions} sessions, {server.admin(name).location}")
    return 0


def shell(settings: Settings, role: str, database: str, arguments: Sequence[str]) -> int:
    """Become psql, connected to the warehouse that WAREHOUSE_URL names or to the local server's."""
    user = ADMIN if role == "admin" else login_of(role)
    if engine_of(settings) == "postgres" and database == WAREHOUSE:
        target = PostgresTarget.from_url(settings.warehouse_url, user=user, passfile=settings.passfile)
    else:
        local = local_server(settings).admin(database)
        target = PostgresTarget.from_url(local.location, user=user, passfile=settings.passfile)
    # By the environment, where no other user of the machine sees it.
    secret = {"PGPASSWORD": target.password} if target.password is not None else {}
    program = str(bin_dir() / "psql")
    parts = ["--host", target.host, "--port", str(target.port), "--username", target.user, "--dbname", target.database]
    sys.stdout.flush()
    os.execve(program, [program, *parts, *arguments], {**os.environ, **secret})


if __name__ == "__main__":
    sys.exit(command(main))
