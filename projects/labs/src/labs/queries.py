"""Queries of databases that a lab's raw tables come from, and their rows as a file in the lab's raw folder."""

from __future__ import annotations

import csv
import filecmp
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labs.elsewhere import keep_marks, refuse_link
from shared.config import get_settings
from shared.config.named import Setting
from shared.data_quality.rows import as_text
from shared.errors import ConfigurationError, InputError
from shared.monitoring.lineage import Dataset
from shared.tables import Declared
from shared.utils.console import say
from shared.utils.excerpts import excerpt

if TYPE_CHECKING:
    import sqlalchemy as sa

    from shared.databases.address import Address

KEYS = ("database", "query")
FILE, DRAFT = "query.csv", ".query.fetched"
CHUNK_ROWS = 10_000
SHOWN = 200
# A table or view, with its schema where it has one, that needs no quotes.
NAME = re.compile(r"([A-Za-z_]\w*\.)?[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Query:
    """A `select` on somebody's database: PostgreSQL, MariaDB, SQLite, or what else SQLAlchemy has a driver for.

    Attributes:
        database: The setting with the database's URL.
        query: The statement.
        called: What a table that is made of it would be called.
    """

    database: Setting
    query: str
    called: str = "query"

    @classmethod
    def of(cls, said: Mapping[str, Any], where: str) -> Query | None:
        """Read it from a declaration, other keys left alone; None where it has none.

        Raises:
            ConfigurationError: It names no setting or no query; the message does not repeat what may be a secret.
        """
        if not set(KEYS) & said.keys():
            return None
        database, query = said.get("database"), said.get("query")
        if not isinstance(database, dict) or set(database) != {"setting"}:
            raise ConfigurationError(
                f"no setting with the URL of a database, in `{where}`",
                hint="write `database: {setting: SHOP_DATABASE_URL}`, and set that variable",
            )
        if not isinstance(query, str) or not query.strip():
            raise ConfigurationError(f"no query of the database, in `{where}`", hint="write `query: select … from …`")
        return cls(Setting(str(database["setting"])), query)

    @classmethod
    def of_table(cls, setting: str, table: str) -> Query:
        """Return the one that reads a whole table or view.

        Raises:
            InputError: Its name needs quotes, which are not the same in every database.
        """
        if not NAME.fullmatch(table):
            raise InputError(
                f"no name of a table that needs no quotes: `{excerpt(table, SHOWN)}`",
                hint="name another, and write its `query` in _sources.yml",
            )
        return cls(Setting(setting), f"select * from {table}", table.rpartition(".")[2])

    @property
    def described(self) -> str:
        """Where it is, for people."""
        return f"a query of the database at {self.database.name}"

    @property
    def settings(self) -> dict[str, bool]:
        """The setting that it needs, and whether it is set."""
        return {self.database.name: self.database.is_set}

    @property
    def dataset(self) -> Dataset:
        """What collectors of lineage know it as."""
        return Dataset(*self._address().identity("(query)"))

    @property
    def form(self) -> Declared | None:
        """How its file is written."""
        return Declared(encoding="utf-8", delimiter=",", skip=0)

    def as_declared(self) -> dict[str, Any]:
        """Return it as a declaration has it."""
        return {"database": {"setting": self.database.name}, "query": self.query}

    def fetch(self, folder: Path) -> None:
        """Have its rows in a table's folder; where they are the same as before, the file stays.

        Raises:
            InputError: The database does not take the query, or gives a column that it rounds.
            ConfigurationError, SourceUnavailable, NotPermitted, StorageFull: Its rows cannot be had.
        """
        refuse_link(folder)
        address = self._address()
        folder.mkdir(parents=True, exist_ok=True)
        draft, target = folder / DRAFT, folder / FILE
        try:
            rows = self._write(address, draft)
            if not target.is_file() or not filecmp.cmp(draft, target, shallow=False):
                draft.replace(target)
                say(f"  {folder.name}: {rows:,} rows from {self.described}")
            keep_marks(folder, {"query": {"file": FILE}})
        finally:
            draft.unlink(missing_ok=True)

    def _address(self) -> Address:
        # SQLAlchemy takes a moment to import, and most labs have no query.
        from shared.databases.address import Address

        return Address.of(self.database.name, None, get_settings())

    def _write(self, address: Address, target: Path) -> int:
        """Write the rows as CSV in UTF-8, each value in full, an empty field for a null; return how many there are."""
        from sqlalchemy.exc import DBAPIError

        from shared.databases.errors import meaning

        count = 0
        try:
            with address.engine().connect() as connection, target.open("w", encoding="utf-8", newline="") as text:
                # Without parameters a `%` or `:` of the query is none.
                options = {"stream_results": True, "no_parameters": True}
                result = connection.execution_options(**options).exec_driver_sql(self.query.strip().rstrip(";"))
                writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
                writer.writerow(self._columns(result, address))
                for rows in result.partitions(CHUNK_ROWS):
                    writer.writerows([as_text(value) for value in row] for row in rows)
                    count += len(rows)
        except DBAPIError as error:
            raise meaning(error, address, "query") from None
        return count

    def _columns(self, result: sa.CursorResult[Any], address: Address) -> list[str]:
        from shared.databases.address import FLOAT

        described = result.cursor.description if result.cursor else None
        if not described:
            raise InputError("a query that gives no rows", hint="write a `select` into _sources.yml")
        for name, code, *_ in described:
            if address.dialect == "mysql" and code == FLOAT:
                raise InputError(
                    f"a column of which the server writes six digits: `{name}`",
                    hint=f"write `{name} * 1e0 as {name}` into the query, which gives all of them",
                )
        return [str(column[0]) for column in described]
