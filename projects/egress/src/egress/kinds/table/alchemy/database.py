"""Any database of SQLAlchemy's as one that gets a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy.exc import DBAPIError
from typing_extensions import Self, override

from egress.kinds.table.alchemy.errors import meaning
from egress.kinds.table.database import Database, Destination, Terms, Writer
from shared.config import get_settings
from shared.databases.address import Address
from shared.monitoring.lineage import Dataset


@dataclass(frozen=True)
class AlchemyDatabase(Database):
    """A database that SQLAlchemy has a driver for.

    Attributes:
        address: Where it is, with a login.
        settings: What the names of the target's settings begin with.
    """

    address: Address
    settings: str

    @classmethod
    def of(cls, url: str, settings: str) -> Self:
        """Return the one that a URL leads to.

        Raises:
            ConfigurationError: It cannot be used.
        """
        return cls(Address.from_url(url, f"{settings}_URL", None, get_settings()), settings)

    @property
    @override
    def location(self) -> str:
        namespace, name = self.address.identity("")
        return f"{namespace}/{name.removesuffix('.')}"

    @override
    def dataset(self, table: str) -> Dataset:
        # MariaDB's schemas are its databases.
        schema, _, name = table.rpartition(".")
        url = self.address.url.set(database=schema) if schema and self.address.dialect == "mysql" else self.address.url
        return Dataset(*replace(self.address, url=url).identity(name if self.address.dialect == "mysql" else table))

    @override
    @contextmanager
    def writer(self, destination: Destination, terms: Terms) -> Iterator[Writer]:
        from egress.kinds.table.alchemy.writer import AlchemyWriter

        engine = replace(self.address, lock_seconds=terms.timeout).engine(writing=True)
        try:
            with engine.connect() as connection:
                yield AlchemyWriter(connection, destination, terms)
        except DBAPIError as error:
            raise meaning(error, self.address, self.settings) from error
        finally:
            engine.dispose()
