"""PostgreSQL as a database that gets a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from typing_extensions import Self, override

from egress.kinds.table.database import Database, Destination, Terms, Writer
from shared.errors import ConfigurationError
from shared.monitoring.lineage import Dataset
from shared.postgres.target import PostgresTarget

# What its sessions see first, where nobody has said otherwise.
SCHEMA = "public"


@dataclass(frozen=True)
class PostgresDatabase(Database):
    """A database of PostgreSQL's.

    Attributes:
        target: Where it is, with a login.
        settings: What the names of the target's settings begin with.
    """

    target: PostgresTarget
    settings: str

    @classmethod
    def of(cls, url: str, settings: str) -> Self:
        """Return the one that a URL leads to.

        Raises:
            ConfigurationError: It cannot be used.
        """
        setting = f"{settings}_URL"
        try:
            target = PostgresTarget.from_url(url, user="", setting=setting)
            problem = None if target.user else "it names no user"
        except ConfigurationError as error:
            problem = error.message
        if problem:
            raise ConfigurationError(
                f"{setting} cannot be used: {problem}",
                hint="write postgresql://user:password@host:5432/database, with %40 for an @ in a password, "
                "or the URL of another database: mariadb://…, sqlite:///file",
            )
        return cls(target, settings)

    @property
    @override
    def location(self) -> str:
        return self.target.location

    @override
    def dataset(self, table: str) -> Dataset:
        return Dataset.of_postgres(self.location, in_schema(table))

    @override
    @contextmanager
    def writer(self, destination: Destination, terms: Terms) -> Iterator[Writer]:
        # With what reads and writes tables.
        from egress.kinds.table.postgres.layout import TargetTable
        from egress.kinds.table.postgres.session import session
        from egress.kinds.table.postgres.writer import TableWriter

        table = TargetTable(**vars(replace(destination, name=in_schema(destination.name))))
        with session(
            self.target, f"egress {terms.run_id}", timeout=terms.timeout, settings=self.settings
        ) as connection:
            yield TableWriter(connection, table, make=terms.make, own=terms.own, take_over=terms.take_over)


def in_schema(table: str) -> str:
    """Return a table's name with its schema."""
    return table if "." in table else f"{SCHEMA}.{table}"
