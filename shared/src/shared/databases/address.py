"""Where somebody's database is, and how it is opened, with bounds: to be read, in one snapshot, or to be written to."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from shared.config import Settings
from shared.config.named import Setting
from shared.errors import ConfigurationError, InputError
from shared.postgres.reading import read_only, source_target
from shared.redaction import guard

CONNECT_SECONDS = 30
# How long a query may say nothing, beside what it waits for a lock.
SILENT_SECONDS = 900
# PyMySQL takes no longer wait.
LONGEST_SECONDS = 31_536_000
DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}
# Collectors' names, and the port where a URL has none.
KNOWN_AS = {"mysql": ("mysql", 3306), "postgresql": ("postgres", 5432)}
PACKAGES = {
    "access": "sqlalchemy-access",
    "bigquery": "sqlalchemy-bigquery",
    "clickhouse": "clickhouse-sqlalchemy",
    "databricks": "databricks-sqlalchemy",
    "db2": "ibm-db-sa",
    "duckdb": "duckdb-engine",
    "hana": "sqlalchemy-hana",
    "redshift": "sqlalchemy-redshift",
    "snowflake": "snowflake-sqlalchemy",
    "teradatasql": "teradatasqlalchemy",
    "trino": "trino",
}
# The code of MariaDB's and MySQL's `float`, of which the server writes six digits.
FLOAT = 4
SNAPSHOT = {"sqlite": "begin", "mysql": "start transaction with consistent snapshot, read only"}
WRITING = {"sqlite": "begin immediate"}
# MariaDB shall refuse what it would else cut or round, and no key 0 be numbered anew; texts stay as they are quoted.
EXACTLY = "STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO"


@dataclass(frozen=True)
class Address:
    """A database's URL.

    Attributes:
        setting: The environment variable that it is from.
        root: What the path of a file is relative to.
        lock_seconds: How long to wait for what somebody else has locked.
        passfile: Where to look up a password of PostgreSQL's that the URL does not have.
    """

    url: sa.URL
    setting: str
    root: Path
    lock_seconds: float
    passfile: Path | None = None

    @classmethod
    def of(cls, setting: str, login: str | None, settings: Settings) -> Address:
        """Return the one that an environment variable, or a file it names, holds.

        Raises:
            ConfigurationError: It is no URL of a database; the message does not repeat it.
        """
        return cls.from_url(Setting(setting).value(), setting, login, settings)

    @classmethod
    def from_url(cls, text: str, setting: str, login: str | None, settings: Settings) -> Address:
        """Return the one that a URL leads to, called by the setting in messages.

        Raises:
            ConfigurationError: It is no URL of a database; the message does not repeat it.
        """
        try:
            url = sa.make_url(text)
        except (ArgumentError, ValueError):
            raise ConfigurationError(
                f"{setting} is not the URL of a database",
                hint="write postgresql://host:port/database, mariadb://host:port/database or sqlite:///file, "
                "with %40 for an @ in a password",
            ) from None
        if url.password:
            guard(str(url.password))
        if url.username is None and login is not None and url.get_backend_name() != "sqlite":
            url = url.set(username=login)
        drivername = DRIVERS.get(url.drivername, url.drivername)
        found = url.set(drivername=drivername)
        return cls(found, setting, settings.root, settings.warehouse_lock_timeout, settings.passfile)

    @property
    def dialect(self) -> str:
        """SQLAlchemy's name for the kind of database: `mysql` for MariaDB too."""
        name: str = self.url.get_backend_name()
        return "mysql" if name == "mariadb" else name

    @property
    def place(self) -> str:
        """Where it is, without a login, for messages."""
        if self.dialect == "sqlite":
            return f"`{self.url.database}`"
        return f"`{self.url.host or 'localhost'}{f':{self.url.port}' if self.url.port else ''}`"

    def identity(self, name: str) -> tuple[str, str]:
        """Return by what namespace and name collectors of lineage know a table of it."""
        if self.dialect == "sqlite":
            return "file", f"{self.root / (self.url.database or '')}.{name}"
        scheme, usual = KNOWN_AS.get(self.dialect, (self.dialect, None))
        port = self.url.port or usual
        host = f"{self.url.host or 'localhost'}{f':{port}' if port else ''}"
        return f"{scheme}://{host}", f"{self.url.database}.{name}" if self.url.database else name

    def engine(self, *, writing: bool = False) -> sa.Engine:
        """Return what SQLAlchemy connects with; nothing is opened yet.

        Args:
            writing: Whether it is written to, which a transaction on SQLite says from its beginning. PostgreSQL is not.

        Raises:
            ConfigurationError: There is no driver for it here.
            InputError: It is a file that is not there or cannot be read.
        """
        if self.dialect == "sqlite":
            file = self._file()
            engine = sa.create_engine("sqlite://", creator=lambda: self._sqlite(file, writing), poolclass=sa.NullPool)
        elif self.dialect == "postgresql":
            target = source_target(
                self.url.set(drivername="postgresql").render_as_string(hide_password=False),
                login=None,
                passfile=self.passfile,
                setting=self.setting,
                lock_seconds=self.lock_seconds,
            )
            engine = sa.create_engine(
                "postgresql+psycopg2://", creator=lambda: read_only(target, "read"), poolclass=sa.NullPool
            )
        else:
            engine = self._with_driver(writing)
        snapshot = WRITING.get(self.dialect) if writing else SNAPSHOT.get(self.dialect)
        if snapshot:

            @sa.event.listens_for(engine, "begin")
            def begin(connection: sa.Connection) -> None:
                connection.exec_driver_sql(snapshot)

        return engine

    def _file(self) -> Path:
        if not self.url.database or self.url.database.startswith((":memory:", "file:")) or self.url.query:
            raise ConfigurationError(
                f"{self.setting} names no file of SQLite, or has options",
                hint="write sqlite:///folder/file from the project's folder on, or sqlite:////folder/file",
            )
        file = self.root / self.url.database
        # SQLite would make an empty database of what is not there.
        if not file.is_file() or not os.access(file, os.R_OK):
            raise InputError(
                f"no file that can be read, named by {self.setting}: `{self.url.database}`",
                hint=f"correct {self.setting}, or let its owner put it there",
            )
        return file

    def _sqlite(self, file: Path, writing: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(file))}?mode={'rw' if writing else 'ro'}",
            uri=True,
            timeout=self.lock_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.text_factory = text_or_bytes
        if writing:
            connection.executescript("pragma foreign_keys = on; pragma synchronous = full")
        return connection

    def _with_driver(self, writing: bool) -> sa.Engine:
        name = self.url.drivername
        try:
            engine = sa.create_engine(self.url, poolclass=sa.NullPool, connect_args=self._arguments(writing))
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            missing = getattr(error, "name", None) or PACKAGES.get(self.dialect)
            package = f"`{missing}`" if missing else f"the package with SQLAlchemy's dialect `{name}`"
            raise ConfigurationError(
                f"no driver for the database of {self.setting}: `{name}`",
                hint=f"add {package} to the pyproject.toml of the project that reads it, then `./pixiw run lock`; "
                f"or correct {self.setting}",
            ) from None
        if self.dialect == "mysql":
            sa.event.listen(engine, "connect", self._begin_session if writing else self._begin_reading)
        return engine

    def _arguments(self, writing: bool) -> dict[str, object]:
        if self.url.drivername != "mysql+pymysql":
            return {}
        silent = min(int(self.lock_seconds) + SILENT_SECONDS, LONGEST_SECONDS)
        bounds: dict[str, object] = {
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": silent,
            "write_timeout": silent,
        }
        return {**bounds, "sql_mode": EXACTLY} if writing else bounds

    def _begin_reading(self, connection: sqlite3.Connection, record: object) -> None:
        self._begin_session(connection, record)
        cursor = connection.cursor()
        cursor.execute("set session transaction isolation level repeatable read, read only")
        cursor.close()

    def _begin_session(self, connection: sqlite3.Connection, record: object) -> None:
        wait = min(max(1, int(self.lock_seconds)), LONGEST_SECONDS)
        cursor = connection.cursor()
        # A `timestamp` is shown in the session's zone; without strict modes an option of the server may cut values.
        cursor.execute(f"set session time_zone = '+00:00', session lock_wait_timeout = {wait}")
        cursor.execute(f"set session innodb_lock_wait_timeout = {wait}")
        cursor.close()


def text_or_bytes(value: bytes) -> str | bytes:
    """Return a text as SQLite holds it: it may be of any bytes."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
