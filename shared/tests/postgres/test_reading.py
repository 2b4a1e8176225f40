"""Reading somebody's PostgreSQL by SQLAlchemy: it is not written to, and what fails is told without the login."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from shared.config import Settings
from shared.databases.address import Address
from shared.databases.errors import meaning
from shared.errors import ConfigurationError, InputError
from shared.testing.engines import PostgresDatabase


@pytest.fixture
def address(postgres_database: PostgresDatabase, settings: Settings) -> Address:
    """Return where a database is."""
    return Address.from_url(postgres_database.admin_url, "SHOP_URL", None, settings)


def test_a_database_is_read_and_not_written_to(address: Address) -> None:
    """Statements that read run, and one that writes is refused by the server itself."""
    with address.engine().connect() as connection:
        assert connection.exec_driver_sql("select 40 + 2").scalar() == 42
        with pytest.raises(DBAPIError) as raised:
            connection.exec_driver_sql("create table public.mine (id integer)")
    told = meaning(raised.value, address, "query")
    assert isinstance(told, InputError)
    assert "cannot execute CREATE TABLE in a read-only transaction" in told.message


def test_what_fails_is_told_without_login_and_statement(address: Address) -> None:
    """A table that is not there is named by who reads it; a wrong password is a setting's to correct."""
    with address.engine().connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.exec_driver_sql("select 'hush' from vanished")
    told = meaning(raised.value, address, "query")
    assert (type(told), told.message) == (InputError, "no such table in the database of SHOP_URL: `query`")
    wrong = Address(address.url.set(password="hush"), "SHOP_URL", address.root, 1.0)
    with pytest.raises(ConfigurationError, match="wrong or missing password") as refused:
        wrong.engine().connect()
    assert "hush" not in f"{refused.value} {refused.value.hint}"
    assert wrong.identity("t") == (f"postgres://{address.url.host}:{address.url.port}", f"{address.url.database}.t")
