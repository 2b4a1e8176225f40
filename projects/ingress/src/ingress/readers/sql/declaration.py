"""What is declared of a table, view or query: it stands below all that read it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.errors import ConfigurationError

# A part of a name: in quotes, where it may hold dots, or without.
PART = re.compile(r'"(?:[^"]|"")+"|[^."][^.]*')


@dataclass(frozen=True)
class Declaration:
    """A table, a view or a query of a database: PostgreSQL, MariaDB, SQLite, or what else SQLAlchemy has a driver for.

    Attributes:
        setting: The environment variable with the database's URL.
        name: The table or view, with its schema where it has one, as in `erp.articles`; a name with a dot stands in
            quotes, as in `erp."price.list"`.
        cursor: The column, a time, date or whole number, that grows with every change of a row; without one all rows
            are read each time.
        login: Who connects where the URL names nobody.
        columns: Which columns to read, where it is not all of them.
        query: A `select` in place of a table.
        zone: Of which zone times without one are, as in `Europe/Berlin`, where the row model has an `AwareDatetime`;
            PostgreSQL says it by itself.
    """

    setting: str
    name: str | None = None
    cursor: str | None = None
    login: str | None = None
    columns: tuple[str, ...] = ()
    query: str | None = None
    zone: str | None = None

    def __post_init__(self) -> None:
        if (self.name is None) == (self.query is None):
            raise ConfigurationError(
                f"rows come from a table or view or from a query: `{self.name or self.setting}`",
                hint="declare one of both",
            )
        if self.cursor is not None and self.columns and self.cursor not in self.columns:
            raise ConfigurationError(
                f"the cursor is none of the chosen columns: `{self.cursor}`", hint="add it to `columns`"
            )
        _ = self.zone_info

    @property
    def zone_info(self) -> tzinfo | None:
        """The zone.

        Raises:
            ConfigurationError: There is none of that name.
        """
        if self.zone in (None, "UTC"):
            return timezone.utc if self.zone else None
        try:
            return ZoneInfo(str(self.zone))
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigurationError(
                f"no such time zone: `{self.zone}`", hint="write one as `UTC` or `Europe/Berlin`"
            ) from None

    @property
    def relation(self) -> tuple[str | None, str]:
        """The schema, where there is one, and the table or view."""
        return parted(self.name or "")

    @property
    def origin(self) -> str:
        """What quarantine and messages call the place."""
        return self.name or "query"


def parted(name: str) -> tuple[str | None, str]:
    """Return the schema, where there is one, and the name of a table as it is written in a declaration."""
    if re.fullmatch(rf"(?:{PART.pattern})(?:[.](?:{PART.pattern}))*", name) is None:
        schema, _, table = name.rpartition(".")
        return schema or None, table
    *before, table = PART.findall(name)
    # Some servers have more before a table than its schema.
    schema = ".".join(before) if len(before) > 1 else "".join(map(plain, before))
    return schema or None, plain(table)


def plain(part: str) -> str:
    """Return a part of a name without the quotes that it is written in."""
    return part[1:-1].replace('""', '"') if part.startswith('"') and part.endswith('"') and len(part) > 1 else part


def quoted(part: str) -> str:
    """Return a part of a name as it is written in a declaration: in quotes where it has to be."""
    return part if re.fullmatch('[^."][^."]*', part) else '"' + part.replace('"', '""') + '"'


def is_postgres(url: str) -> bool:
    """Tell whether a URL is of PostgreSQL, with a driver of SQLAlchemy's behind it or without."""
    return url.partition(":")[0].partition("+")[0] in ("postgresql", "postgres")
