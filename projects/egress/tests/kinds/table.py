"""Tables of other databases: PostgreSQL, SQLite, MariaDB."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from shops import SHOPS, Shop
from table_target import Customer, customer_database

from egress.kinds.table import target as module
from egress.kinds.table.target import Table
from kinds import BAD, MODEL, NOBODY, Place, Rows, row

CHECK = f"alter table customer_360 add constraint no_bad check (surname <> '{BAD}')"
NO_CHECK = "alter table customer_360 drop constraint no_bad"


class TablePlace(Place):
    """A table of a database that somebody else owns."""

    target = Table("place", MODEL, settings="PLACE", table="customer_360")
    # Before the commit.
    steps = ((module, "announce"),)
    url: str
    nowhere: str

    @abstractmethod
    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement there, and return its rows."""

    @abstractmethod
    def exists(self) -> bool:
        """Tell whether the table is there."""

    def rows(self) -> Rows:
        """Return the table's rows."""
        found = self.execute("select entity_id, surname, lifetime_sales from customer_360") if self.exists() else []
        return dict(row(*each) for each in found)

    @contextmanager
    def broken(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Name an address without such a database."""
        patch.setenv("PLACE_URL", self.nowhere)
        yield
        patch.setenv("PLACE_URL", self.url)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Put a check on the table."""
        self.execute(CHECK)
        yield
        self.execute(NO_CHECK)


class PostgresPlace(TablePlace):
    """A table of PostgreSQL's."""

    name = "postgresql"
    nowhere = f"postgresql://nobody@{NOBODY}/nothing"

    def __init__(self, customer: Customer) -> None:
        self._customer, self.url = customer, customer.login.url()

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch, fixture: Callable[[str], Any]) -> Iterator[PostgresPlace]:
        """Make a database."""
        with customer_database(fixture("postgres_server")) as customer:
            patch.setenv("PLACE_URL", customer.login.url())
            yield cls(customer)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run it as the superuser."""
        return self._customer.sql(statement)

    def exists(self) -> bool:
        """Ask the catalog."""
        return self.execute("select to_regclass('customer_360') is not null") == [(True,)]

    def traces(self) -> object:
        """Return the transactions that wrote the rows, whatever was written."""
        return self.exists() and self.execute("select entity_id, xmin::text from customer_360 order by 1")


class ShopPlace(TablePlace):
    """A table that is written to by SQLAlchemy."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self.url = shop, shop.url

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch, fixture: Callable[[str], Any]) -> Iterator[ShopPlace]:
        """Make a database."""
        with SHOPS[cls.name](folder) as shop:
            patch.setenv("PLACE_URL", shop.url)
            yield cls(shop)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run it as the owner."""
        return self._shop.execute(statement)

    def traces(self) -> object:
        """Return what the last delivery has left in the journal, and the rows."""
        return self.exists() and (self.execute("select distinct delivery from egress_journal"), self.rows())


class SqlitePlace(ShopPlace):
    """A table of SQLite's."""

    name = "sqlite"
    nowhere = "sqlite:////nowhere/shop.sqlite"

    def exists(self) -> bool:
        """Ask the catalog."""
        return bool(self.execute("select 1 from sqlite_master where name = 'customer_360'"))

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Put triggers on the table, as there is no adding of checks."""
        for event in ("insert", "update"):
            self.execute(
                f"create trigger no_bad_{event} before {event} on customer_360 when new.surname = '{BAD}' "
                "begin select raise(abort, 'is bad'); end"
            )
        yield
        for event in ("insert", "update"):
            self.execute(f"drop trigger no_bad_{event}")


class MariaDbPlace(ShopPlace):
    """A table of MariaDB's."""

    name = "mariadb"
    nowhere = f"mariadb://nobody@{NOBODY}/nothing"

    def exists(self) -> bool:
        """Ask the catalog."""
        return bool(self.execute("show tables like 'customer_360'"))


PLACES: tuple[type[Place], ...] = (PostgresPlace, SqlitePlace, MariaDbPlace)
