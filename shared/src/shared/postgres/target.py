"""Where a PostgreSQL database is, and who connects to it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import psycopg2
from psycopg2 import extensions

from shared.errors import ConfigurationError, PlatformError
from shared.postgres.errors import WAREHOUSE, explain_connection
from shared.postgres.limits import NAME_BYTES
from shared.postgres.passfile import find_password

SCHEMES = ("postgresql", "postgres")
OLDEST = 17
# Said by a server that is on its way up or down: it will let us in, or be gone, soon.
PASSING = ("starting up", "shutting down", "in recovery", "not yet accepting connections")
STARTUP_SECONDS = 30.0
# As WAREHOUSE_LOCK_TIMEOUT has it, where nobody says how long.
LOCK_SECONDS = 600.0
LOCK_TIMEOUT = "lock_timeout"


@dataclass(frozen=True)
class PostgresTarget:
    """A database on a server and the login to use.

    Attributes:
        options: More of libpq's parameters, from behind the URL's `?`: `sslmode`, `sslrootcert`, …
        setting: The environment variable that named it, for messages.
        lock_seconds: How long a session waits for what another one has locked, unless `options` say so.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    setting: str = WAREHOUSE
    lock_seconds: float | None = None

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        user: str,
        passfile: Path | None = None,
        setting: str = WAREHOUSE,
        lock_seconds: float | None = None,
    ) -> PostgresTarget:
        """Read a URL `postgresql://[user[:password]@]host[:port]/database[?option=value]`.

        Args:
            url: User, password and database may hold anything, percent-encoded.
            user: Who connects where the URL names nobody.
            passfile: Where to look a password up that the URL does not have; see `shared.postgres.passfile`.
            setting: The environment variable that the URL is from, for messages.
            lock_seconds: How long a session waits for what another one has locked, unless the URL says so.

        Raises:
            ConfigurationError: It is no such URL; the message does not repeat it, as it may hold a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or 5432
        except ValueError as error:
            raise not_a_url(str(error), setting) from error
        database = unquote(parts.path.removeprefix("/"))
        if parts.scheme not in SCHEMES or not parts.hostname or not database:
            raise not_a_url("host or database is missing", setting)
        target = cls(
            host=unquote(parts.hostname),
            port=port,
            database=database,
            user=unquote(parts.username or "") or user,
            password=unquote(parts.password) if parts.password is not None else None,
            options=dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))),
            setting=setting,
            lock_seconds=lock_seconds,
        )
        return target if target.password is not None else target._with_password_from(passfile)

    def _with_password_from(self, passfile: Path | None) -> PostgresTarget:
        named = os.environ.get("PGPASSFILE")
        files = [Path(named)] if named else [*([passfile] if passfile else []), Path.home() / ".pgpass"]
        for file in files:
            password = find_password(file, host=self.host, port=self.port, database=self.database, user=self.user)
            if password is not None:
                return replace(self, password=password)
        return self

    @property
    def address(self) -> str:
        """Host and port, for messages."""
        return f"`{self.host}:{self.port}`"

    @property
    def location(self) -> str:
        """The URL without login and options: it holds no secret."""
        return f"postgresql://{self.host}:{self.port}/{quote(self.database, safe='')}"

    def url(self) -> str:
        """Return the whole URL, password included: for libraries that take nothing else, never for messages."""
        login = quote(self.user, safe="")
        if self.password is not None:
            login += ":" + quote(self.password, safe="")
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = urlencode(self._told(), quote_via=quote)
        return f"postgresql://{login}@{host}:{self.port}/{quote(self.database, safe='')}{query and '?'}{query}"

    @property
    def session(self) -> str:
        """What every session begins with, whichever library opens it, as libpq's `options`."""
        outer, own = os.environ.get("PGOPTIONS", ""), self.options.get("options", "")
        bound = ""
        if self.lock_seconds is not None and LOCK_TIMEOUT not in outer + own:
            # Who waits for no writer (0 s) may still meet a table that is being put in another's place.
            bound = f"-c {LOCK_TIMEOUT}={max(1.0, self.lock_seconds) * 1000:.0f}"
        return " ".join(filter(None, [outer, bound, own]))

    def _told(self) -> dict[str, str]:
        return {**self.options, "options": self.session} if self.session else dict(self.options)

    def keywords(self) -> dict[str, str | int]:
        """Return libpq's parameters, as `psycopg2.connect` takes them."""
        known: dict[str, str | int] = {
            **self._told(),
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "user": self.user,
        }
        return known if self.password is None else {**known, "password": self.password}

    def connect(
        self, application_name: str, *, patience: float = STARTUP_SECONDS, oldest: int | None = None
    ) -> extensions.connection:
        """Open a session that commits each statement by itself, in UTC; `pg_stat_activity` shows it by its name.

        Args:
            application_name: Who asks; PostgreSQL keeps the first 63 bytes.
            patience: Seconds to wait for a server that says it is starting.
            oldest: The major version that the server must have at least; what a warehouse needs, where it is None.

        Raises:
            ServerUnavailable: Nobody answers.
            ConfigurationError: The server does not let this user in, or is too old.
            NotAWarehouse: There is no such database.
        """
        bound = self if self.lock_seconds is not None else replace(self, lock_seconds=LOCK_SECONDS)
        deadline = time.monotonic() + patience
        oldest = OLDEST if oldest is None else oldest
        while True:
            try:
                opened = psycopg2.connect(**bound.keywords(), application_name=shortened(application_name))
                break
            except psycopg2.Error as error:
                if any(words in str(error) for words in PASSING) and time.monotonic() < deadline:
                    time.sleep(0.1)
                    continue
                raise self.explain(error) from error
        opened.autocommit = True
        if opened.server_version < oldest * 10_000:
            found = opened.server_version // 10_000
            opened.close()
            raise ConfigurationError(
                f"PostgreSQL at {self.address} is too old: {found}",
                hint=f"use PostgreSQL {oldest} or newer; `./pixiw run postgres-start` starts a local one",
            )
        with opened.cursor() as cursor:
            cursor.execute("set timezone = 'UTC'; set datestyle = 'ISO'; set extra_float_digits = 1")
        return opened

    def explain(self, error: psycopg2.Error) -> PlatformError:
        """Return what a failure to connect means."""
        return explain_connection(
            error, address=self.address, user=self.user, database=self.database, setting=self.setting
        )


def shortened(application_name: str) -> str:
    """Return as much of a name as PostgreSQL keeps: it says on standard error when it has to cut one itself."""
    return application_name.encode()[:NAME_BYTES].decode(errors="ignore")


def not_a_url(why: str, setting: str) -> ConfigurationError:
    """Return the error for a URL that cannot be read."""
    return ConfigurationError(
        f"{setting} is not a PostgreSQL URL: {why}",
        hint="write postgresql://user:password@host:5432/database, with %40 for an @ in a password; "
        "without user and password each project uses its own role",
    )
