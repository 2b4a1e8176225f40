"""The warehouse on PostgreSQL: logins, a server or a load that dies in the middle, a full disk of the server's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import Fingerprints, Project, customer, transactions
from psycopg2 import extensions, sql
from test_storage import COMMAND, ENOUGH

from shared.postgres.server import LocalServer
from shared.testing.engines import PostgresDatabase
from shared.testing.mounts import may_mount
from shared.warehouse.postgres_engine import LOCK_CLASS, lock_number

pytestmark = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
LINE_THAT_WAITS = 2_000
MOMENTS = ["first", "merge"]


@contextmanager
def administrator(database: PostgresDatabase) -> Iterator[extensions.cursor]:
    """Do as the superuser what no project may."""
    connection = database.admin.connect("test")
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def hold_up_the_first(cursor: extensions.cursor, seconds: float) -> None:
    """Let whoever makes the table of transactions wait in the midst of it."""
    cursor.execute(
        f"""
        create function wait() returns event_trigger language plpgsql as $$
            begin
                perform pg_sleep({seconds}) from pg_event_trigger_ddl_commands()
                where object_identity = 'raw.pos_transactions';
            end
        $$;
        create event trigger waiting on ddl_command_end when tag in ('CREATE TABLE') execute function wait()
        """
    )


def hold_up(cursor: extensions.cursor, seconds: float) -> None:
    """Let whoever writes a certain row into the transactions wait in the midst of it."""
    cursor.execute(
        f"""
        create function wait() returns trigger language plpgsql as $$
            begin perform pg_sleep({seconds}); return new; end
        $$;
        create trigger waiting before insert on raw.pos_transactions
        for each row when (new.product_id = {LINE_THAT_WAITS}) execute function wait()
        """
    )


@contextmanager
def stuck(project: Project, database: PostgresDatabase, moment: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Start a load that comes to a stop in the midst of the first one into a table, or of a merge."""
    project.pos(transactions=transactions(3))
    if moment == "merge":
        project.load("pos")
        project.pos()
    with administrator(database) as cursor:
        (hold_up if moment == "merge" else hold_up_the_first)(cursor, seconds)
        with subprocess.Popen([*COMMAND, "pos"], stderr=subprocess.PIPE, text=True) as process:
            wait_for(cursor, "select from pg_stat_activity where wait_event = 'PgSleep'")
            yield process
            process.kill()


def wait_for(cursor: extensions.cursor, query: str) -> None:
    """Wait until a query has a row."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        cursor.execute(query)
        if cursor.fetchone() is not None:
            return
        time.sleep(0.01)
    raise AssertionError(f"nothing came of {query}")


@pytest.mark.parametrize("moment", MOMENTS)
def test_load_killed_while_it_writes_is_made_good_by_the_next(
    project: Project, postgres_database: PostgresDatabase, clean_run: Callable[..., Fingerprints], moment: str
) -> None:
    """Killed while the server still works for it, a load that is run again at once ends as a clean run."""
    with stuck(project, postgres_database, moment, 2) as process:
        process.kill()
        assert process.wait() == -signal.SIGKILL
        project.load("pos")
    assert project.state() == clean_run("pos")


def test_load_waits_for_what_the_server_still_commits(
    project: Project, postgres_database: PostgresDatabase, clean_run: Callable[..., Fingerprints]
) -> None:
    """Rows that a killed load has sent, and the server commits only while the next one runs, are not doubled."""
    project.customers("a.csv")
    project.load("crm")
    project.customers("a.csv", customer(1))
    with administrator(postgres_database) as cursor, administrator(postgres_database) as observer:
        cursor.execute("begin")
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", (LOCK_CLASS, lock_number("load")))
        cursor.execute(
            "insert into raw.crm_customers (customer_id, postcode, _dlt_load_id) values ('C-00001', '2000', '1')"
        )
        process = subprocess.Popen([*COMMAND, "crm"], stderr=subprocess.DEVNULL)
        wait_for(observer, "select from pg_locks where not granted and locktype = 'advisory'")
        cursor.execute("commit")
        assert process.wait(timeout=60) == 0
    assert project.state() == clean_run("crm")


@pytest.mark.parametrize("moment", MOMENTS)
def test_server_that_dies_is_an_error_and_a_rerun_makes_it_good(
    project: Project,
    postgres_server: LocalServer,
    postgres_database: PostgresDatabase,
    clean_run: Callable[..., Fingerprints],
    moment: str,
) -> None:
    """When the server is killed, the load ends with one error and a hint, and a rerun ends as a clean run."""
    port = postgres_server.port
    with stuck(project, postgres_database, moment, 60) as process:
        postgres_server.kill()
        try:
            _, said = process.communicate(timeout=60)
        finally:
            postgres_server.start(port)
    assert process.returncode == 1
    assert said.count("error: ") == 1, said
    assert "error: the connection to PostgreSQL is lost: " in said
    assert "hint: what was not committed is undone" in said
    with administrator(postgres_database) as cursor:
        cursor.execute("drop function wait cascade")
    project.load("pos")
    assert project.state() == clean_run("pos")
    statuses = project.fetch("select status from ops.run order by sequence")
    assert [status for (status,) in statuses][-2:] == ["interrupted", "succeeded"]


def test_login_that_is_not_let_in_is_an_error(
    project: Project, postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong password, a role that does not exist, a server that does not answer: each has one error and a hint."""
    project.customers("a.csv", customer(1))
    server = postgres_database.url.removeprefix("postgresql://")
    for login, code in (("platform_ingress:wrong", 2), ("nobody:x", 2)):
        monkeypatch.setenv("WAREHOUSE_URL", f"postgresql://{login}@{server}")
        assert project.ingress("run")[0] == code
        said = project.ingress("run")[1]
        assert f"does not let in `{login.partition(':')[0]}`" in said
        assert said.count("error:") == said.count("hint:") == 1
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://127.0.0.1:1/warehouse")
    code, said = project.ingress("run")
    assert code == 1
    assert "error: PostgreSQL does not answer at `127.0.0.1:1`" in said


def test_role_without_its_rights_is_an_error(project: Project, postgres_database: PostgresDatabase) -> None:
    """What the role may not do is an error that names what restores its rights, wherever in dlt it happens."""
    project.customers("a.csv", customer(1))
    with administrator(postgres_database) as cursor:
        cursor.execute("revoke create on schema raw from platform_ingress")
    code, said = project.ingress("run", "--source", "crm")
    assert code == 2
    assert "error: PostgreSQL does not permit it: permission denied for schema raw" in said
    assert "hint: each project may write its own layer only; `./pixiw run postgres-init`" in said
    with administrator(postgres_database) as cursor:
        cursor.execute("grant create on schema raw to platform_ingress")
    project.load("crm")


def test_any_login_loads_and_leaves_no_password_behind(
    project: Project, postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login with odd characters in name and password is used as the URL has it; no file holds the password after."""
    user, password = "an ingress/role%20", " p@ss:w/ö rd%41?#+ "
    with administrator(postgres_database) as cursor:
        role = sql.Identifier(user)
        cursor.execute(sql.SQL("create role {} superuser login password {}").format(role, sql.Literal(password)))
        try:
            login = f"{quote(user, safe='')}:{quote(password, safe='')}"
            server = postgres_database.url.removeprefix("postgresql://")
            monkeypatch.setenv(
                "WAREHOUSE_URL", f"postgresql://{login}@{server}?connect_timeout=9&options=-c%20work_mem%3D1MB"
            )
            project.customers("a.csv", customer(1))
            project.load("crm")
            assert project.fetch("select tableowner from pg_tables where tablename = 'crm_customers'") == [(user,)]
        finally:
            cursor.execute(sql.SQL("reassign owned by {0} to postgres; drop owned by {0}; drop role {0}").format(role))
    left = b"".join(path.read_bytes() for path in (project.root / "data").rglob("*") if path.is_file())
    assert password.encode() not in left
    assert quote(password, safe="").encode() not in left


def test_statistics_are_there_after_a_load(project: Project) -> None:
    """The planner knows of what was loaded, for whoever reads it next."""
    project.customers("a.csv", customer(1), customer(2))
    project.load("crm")
    assert project.fetch("select reltuples::int from pg_class where relname = 'crm_customers'") == [(2,)]


SERVER_ON_A_SMALL_DISK = """
import sys
from pathlib import Path
from urllib.parse import quote
from shared.warehouse.provision import provision
from shared.postgres.server import LocalServer
from shared.postgres.tools import hand_over
folder, disk = map(Path, sys.argv[1:])
server = LocalServer(folder, configuration={"fsync": "off", "shared_buffers": "16MB"}, sync=False)
if server.port:
    server.stop()
else:
    hand_over(disk)
    server.create()
    server.start()
    cursor = server.admin().connect("test").cursor()
    cursor.execute(f"create tablespace small location '{disk}'")
    cursor.execute("create database warehouse template template0 tablespace small")
    provision(server.admin("warehouse"))
    print(server.admin("warehouse").url())
"""
STATE = "from conftest import Project; print(Project(None, None).state())"


def test_full_disk_of_the_server_is_an_error_and_a_rerun_makes_it_good(
    project: Project, clean_run: Callable[..., Fingerprints], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without room on the server a load says where room is needed; with room, it ends as a clean run."""
    prefix = may_mount()
    project.pos(transactions=transactions(ENOUGH * 5))
    folder, disk = tmp_path_factory.mktemp("server"), tmp_path_factory.mktemp("disk")
    run = f'"{sys.executable}" -m ingress run --source pos'
    server = f'"{sys.executable}" -c "$SERVER" "{folder}" "{disk}"'
    script = f"""
        mount -t tmpfs -o size=13m tmpfs "{disk}" || exit 9
        WAREHOUSE_URL=$({server}) || exit 9
        export WAREHOUSE_URL
        {run}; echo "exit $?"
        mount -o remount,size=500m "{disk}" || exit 9
        {run}; echo "exit $?"
        "{sys.executable}" -c "$STATE"
        {server}
    """
    environment = {
        **os.environ,
        "SERVER": SERVER_ON_A_SMALL_DISK,
        "STATE": STATE,
        "PYTHONPATH": str(Path(__file__).parent),
    }
    done = subprocess.run([*prefix, "sh", "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.splitlines() == ["exit 1", "exit 0", str(clean_run("pos"))], done.stderr
    assert "error: no space left on the PostgreSQL server: " in done.stderr
    assert "hint: free space there" in done.stderr
