"""Reaching a PostgreSQL database: URLs, passwords from a file, and what failures say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import sql

from shared.errors import ConfigurationError, NotAWarehouse, PlatformError
from shared.postgres import passfile, target
from shared.postgres.errors import NotPermitted, ServerUnavailable
from shared.postgres.passfile import Entry
from shared.postgres.server import LocalServer, free_port
from shared.postgres.target import PostgresTarget
from shared.testing.engines import PostgresDatabase
from shared.warehouse.provision import set_password

NASTY = "a\"b'c@d:e/f?g#h%i\\j k€"
ANYTHING = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@given(user=ANYTHING, password=ANYTHING, database=ANYTHING)
def test_url_round_trip(user: str, password: str, database: str) -> None:
    """Whatever user, password and database hold, the URL made of them says the same."""
    made = PostgresTarget("db.example", 6000, database, user, password, {"sslmode": "require"})
    assert PostgresTarget.from_url(made.url(), user="nobody") == made


def test_url_without_user_is_the_projects_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL that names nobody connects as the login that is given, on PostgreSQL's port."""
    monkeypatch.setenv("PGPASSFILE", "/nowhere")
    found = PostgresTarget.from_url("postgresql://db.example/w", user="platform_ingress")
    assert (found.user, found.port, found.password) == ("platform_ingress", 5432, None)


@pytest.mark.parametrize("url", ["postgresql://h", "postgresql:///w", "postgresql://u:a/b@h/w", "postgresql://h:x/w"])
def test_wrong_url_is_not_repeated(url: str) -> None:
    """A URL that cannot be read is the user's mistake; the message does not show it, as it may hold a password."""
    with pytest.raises(ConfigurationError) as raised:
        PostgresTarget.from_url(url, user="u")
    assert url not in f"{raised.value.message} {raised.value.hint}"


def test_secrets_stay_out_of_text() -> None:
    """Neither the location nor the printed form of a target holds the password."""
    made = PostgresTarget("h", 1, "w", "u", "hush")
    assert "hush" not in f"{made.location} {made!r} {made.address}"


def test_passfile_is_read_as_libpq_does(tmp_path: Path) -> None:
    """The first line that matches counts, stars match anything, colons and backslashes are escaped."""
    file = tmp_path / "passwords"
    passfile.write(file, [Entry("h", "1", "w", "u", NASTY), Entry("*", "*", "*", "u", "other")])
    assert passfile.find_password(file, host="h", port=1, database="w", user="u") == NASTY
    assert passfile.find_password(file, host="h", port=2, database="w", user="u") == "other"
    assert passfile.find_password(file, host="h", port=1, database="w", user="v") is None


def test_passfile_keeps_other_logins(tmp_path: Path) -> None:
    """Writing passwords replaces those of the same logins and keeps the rest; only the owner can read the file."""
    file = tmp_path / "passwords"
    passfile.write(file, [Entry("h", "1", "w", "a", "old"), Entry("h", "1", "w", "b", "kept")])
    passfile.write(file, [Entry("h", "1", "w", "a", "new")])
    assert {entry.user: entry.password for entry in passfile.read(file)} == {"a": "new", "b": "kept"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_passfile_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """Passwords that everybody can read are not used, and the hint says what to do."""
    file = tmp_path / "passwords"
    passfile.write(file, [Entry("h", "1", "w", "u", "p")])
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others can read") as raised:
        passfile.find_password(file, host="h", port=1, database="w", user="u")
    assert "chmod 600" in str(raised.value.hint)


def test_hostile_login_gets_in(postgres_database: PostgresDatabase) -> None:
    """A user whose name and password hold every sign that means something in a URL connects by such a URL."""
    session = postgres_database.admin.connect("test")
    login, database = sql.Identifier(NASTY), sql.Identifier(postgres_database.admin.database)
    with session.cursor() as cursor:
        cursor.execute(sql.SQL("create role {} login").format(login))
        set_password(session, NASTY, NASTY)
        try:
            cursor.execute(sql.SQL("grant connect on database {} to {}").format(database, login))
            url = replace(postgres_database.admin, user=NASTY, password=NASTY).url()
            guest = PostgresTarget.from_url(url, user="").connect("test")
            with guest.cursor() as asked:
                asked.execute("select current_user")
                assert asked.fetchone() == (NASTY,)
            guest.close()
        finally:
            cursor.execute(sql.SQL("drop owned by {}; drop role {}").format(login, login))
    session.close()


def refused(attempt: PostgresTarget) -> PlatformError:
    """Connect, which must fail, and return the error."""
    with pytest.raises(PlatformError) as raised:
        attempt.connect("test", patience=0.1)
    assert raised.value.hint
    assert attempt.password is None or attempt.password not in f"{raised.value.message} {raised.value.hint}"
    return raised.value


def test_failures_to_connect_are_told_apart(
    postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reason not to be let in is an error of its own with a hint, and the exit code says whose fault it is."""
    good = replace(postgres_database.admin, user="platform_reader", password="hush-hush")
    assert isinstance(refused(replace(good, port=free_port())), ServerUnavailable)
    assert refused(replace(good, port=free_port())).exit_code == 1
    assert "wrong or missing password" in refused(good).message
    with monkeypatch.context() as patch:
        patch.setenv("PGPASSFILE", "/nowhere")
        assert "wrong or missing password" in refused(replace(good, password=None)).message
    assert "no such role" in refused(replace(good, user="nobody_at_all")).message
    assert refused(good).exit_code == 2
    assert isinstance(refused(replace(postgres_database.admin, database="nothing")), NotAWarehouse)
    assert "no such host" in refused(replace(good, host="no.such.host.invalid")).message
    assert "an option that cannot be used" in refused(replace(good, options={"sslmode": "perhaps"})).message


def test_database_of_others_is_refused(postgres_database: PostgresDatabase, postgres_server: LocalServer) -> None:
    """A role that may not connect to a database is told so."""
    session = postgres_database.admin.connect("test")
    with session.cursor() as cursor:
        cursor.execute(f"revoke connect on database {postgres_database.admin.database} from platform_egress")
    session.close()
    reader = PostgresTarget.from_url(postgres_database.url, user="platform_egress", passfile=postgres_server.passwords)
    assert isinstance(refused(reader), NotPermitted)


def test_old_server_is_refused(postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server older than the platform needs is refused by its version."""
    with monkeypatch.context() as patch:
        patch.setattr(target, "OLDEST", 99)
        error = refused(postgres_database.admin)
    assert "is too old: 17" in error.message
    assert "PostgreSQL 99 or newer" in str(error.hint)


def test_long_name_is_cut_without_a_word(
    postgres_database: PostgresDatabase, capfd: pytest.CaptureFixture[str]
) -> None:
    """A session with a longer name than PostgreSQL keeps has its beginning, whole letters, and nothing is printed."""
    session = postgres_database.admin.connect("é" * 40)
    with session.cursor() as cursor:
        cursor.execute("show application_name")
        assert cursor.fetchone() == (r"\xc3\xa9" * 31,)
    session.close()
    assert capfd.readouterr().err == ""
