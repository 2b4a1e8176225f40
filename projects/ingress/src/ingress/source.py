"""What a source is: resources, each with a row model, a key, and a reader that knows where its rows come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

import duckdb
import pyarrow as pa

from ingress.deletions import NEVER, Append, Deletions, Tombstones, hold
from ingress.raw_names import raw_name
from shared.config import Settings
from shared.config.named import Setting
from shared.data_quality import BadRow, ColumnChecker, RowChecker, RowModel, arrow_schema
from shared.errors import ConfigurationError, InputError
from shared.monitoring.lineage import Dataset, Origin
from shared.monitoring.polling import Poll
from shared.places import FileMark

Contract = Literal["evolve", "freeze", "report"]
Watermark = datetime | date | int
CURSORS = (pa.timestamp("us", "UTC"), pa.timestamp("us"), pa.date32(), pa.int64())
Duplicated = Callable[[duckdb.DuckDBPyConnection], pa.Table]


@dataclass(frozen=True)
class Batch:
    """Checked rows of one origin.

    Attributes:
        origin: A file or page, by a name that stays the same from run to run.
        order: Its place among the origins of the load: of two rows with one key, the one of the later origin counts.
        good: Rows as the model has them, with the column `POSITION`.
    """

    origin: str
    order: int
    good: pa.RecordBatch
    bad: Sequence[BadRow]


@dataclass(frozen=True)
class Input:
    """The rows of one load of a resource.

    Attributes:
        extras: Columns that the row model does not know.
        batches: The rows; read once.
        duplicated: Looks up the keys that occur more than once, before the rows are read.
        since: The value of the reader's cursor from which on rows are read, where it is not all of them.
        sees_all: Whether these are all rows there are, so that what is not bad any more can be told without its origin.
        notes: What there is to say of the reading, for people.
        emptied: Looks up the parents that were read and have no rows any more, by the columns of `Reader.whose`.
    """

    extras: Sequence[str]
    batches: Iterable[Batch]
    duplicated: Duplicated
    since: Watermark | None = None
    sees_all: bool = False
    notes: Sequence[str] = ()
    emptied: Callable[[], Iterator[pa.RecordBatch]] = lambda: iter(())


class Reader(ABC):
    """Reads rows from where they are and checks them."""

    in_columns: bool = False
    """Whether rows are checked in columns; otherwise one by one."""

    one_file: bool = False
    """Whether all rows come from one file, which is replaced as a whole."""

    cursor: str | None = None
    """A column that grows with every change of a row, by which changed rows are found, where there is one."""

    @property
    def whose(self) -> Sequence[str]:
        """Of rows that lie within others: the columns with that row's key, all of whose rows are replaced at once."""
        return ()

    @property
    def required_settings(self) -> Sequence[str]:
        """The settings without which there is nothing to read."""
        return ()

    @property
    def missing_setting(self) -> str | None:
        """The first of the required settings that is not set."""
        return next((name for name in self.required_settings if not Setting(name).is_set), None)

    def drop_folder(self, settings: Settings) -> tuple[Path, str] | None:
        """Return the folder that files are delivered to and the pattern of their names, where it is files."""
        return None

    def absent(self, settings: Settings) -> str | None:
        """Say why there is nothing to read, where that is so: no setting, or no file."""
        if self.missing_setting:
            return f"{self.missing_setting} is not set"
        folder, pattern = self.drop_folder(settings) or (None, "")
        return f"no file `{self.where(settings)}`" if folder and not any(folder.glob(pattern)) else None

    @abstractmethod
    def where(self, settings: Settings) -> str:
        """Say where the rows come from, for people."""

    @abstractmethod
    def dataset(self, settings: Settings) -> Dataset:
        """Return what the rows come from, as collectors of lineage know it; what is required is set."""

    def files(self, settings: Settings) -> list[FileMark]:
        """Return the files to read in the order in which their rows count, or none where it is not files.

        Raises:
            InputError: The files are not there.
        """
        return []

    @abstractmethod
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[FileMark], since: Watermark | None = None
    ) -> Input:
        """Open the input and make sure that its columns are those of the row model.

        Args:
            files: Those that have to be read, where it is files.
            since: The newest value of the cursor that is loaded, where there is a cursor and not everything is wanted.

        Raises:
            InputError: It cannot be read as what it should be.
            SourceUnavailable: The outside system does not answer as it should.
        """

    def read_family(
        self, resource: Resource, children: Sequence[Resource], settings: Settings, since: Watermark | None = None
    ) -> list[Input]:
        """Read rows and those that lie within them, once: the input of the resource, then of each child.

        Raises:
            ConfigurationError: Such rows have none within.
            InputError, SourceUnavailable: As for `read`.
        """
        raise ConfigurationError(
            f"rows of `{resource.name}` cannot have rows within: `{children[0].name}`",
            hint=f"a {type(self).__name__} reads none; keep what is nested as JsonText",
        )


@dataclass(frozen=True)
class Resource:
    """A table of raw, and how it is filled.

    Attributes:
        key: The columns by which a row replaces an earlier one.
        contract: What a column that the model does not know does: `evolve` adds it to the table, `freeze` is an error,
            `report` names it and does not load it.
        on_request: Whether it is loaded only when asked for.
        required: Whether it is an error that there is nothing to read; else it is left out, which is said.
        deletions: How rows vanish where it comes from; without it they never do.
        widen: Columns of raw that a load may give the row model's type where that loses nothing.
        most_bad: What share of a load's rows may be bad, between 0 and 1; some dozens may be in any case.
    """

    name: str
    table: str
    model: type[RowModel]
    key: tuple[str, ...]
    reader: Reader
    contract: Contract = "freeze"
    on_request: bool = False
    required: bool = False
    deletions: Deletions = NEVER
    widen: tuple[str, ...] = ()
    most_bad: float = 0.5

    def __post_init__(self) -> None:
        # Made at import, so that a model which cannot be checked by is found before anything runs.
        _ = self.columns if self.reader.in_columns else self.rows
        if self.reader.cursor is not None and self.cursor_type not in CURSORS:
            raise ConfigurationError(
                f"the cursor of `{self.name}` is no time, date or number in its row model: `{self.reader.cursor}`",
                hint=f"declare it as AwareDatetime, datetime, date or int in `{self.model.__name__}`, or do without",
            )
        hold(self.deletions, self.name, self.reader, self.model, self.key)

    @property
    def cursor_type(self) -> pa.DataType | None:
        """The type of the reader's cursor in the row model, where both have it."""
        schema, cursor = arrow_schema(self.model), self.reader.cursor
        return schema.field(cursor).type if cursor in schema.names else None

    @cached_property
    def columns(self) -> ColumnChecker:
        """The checker for rows that come as columns."""
        return ColumnChecker(self.model)

    @cached_property
    def columns_if_plain(self) -> ColumnChecker | None:
        """The same; None where the row model has rules that only Python knows."""
        try:
            return self.columns
        except ConfigurationError:
            return None

    @cached_property
    def rows(self) -> RowChecker:
        """The checker for rows that come one by one."""
        return RowChecker(self.model)

    @property
    def relation(self) -> str:
        """The table with its schema."""
        return f"raw.{self.table}"

    def origin(self, settings: Settings, extras: Sequence[str] = ()) -> Origin:
        """Return what the table is made from: each column is the source's of that name."""
        columns = (*self.model.model_fields, *extras)
        return Origin((self.reader.dataset(settings),), {raw_name(name, self.name): name for name in columns})

    def absent(self, settings: Settings) -> str | None:
        """Say why it may be left out of a load that does not ask for it by name; None where there is no reason."""
        if self.required or self.on_request:
            return None
        gone = self.tombstones
        unset = gone and gone.reader.missing_setting
        return self.reader.absent(settings) or (f"{unset} is not set" if unset else None)

    @property
    def required_settings(self) -> list[str]:
        """The settings without which there is nothing to read."""
        gone = self.tombstones
        return [*self.reader.required_settings, *(gone.reader.required_settings if gone else ())]

    @property
    def marks_deleted(self) -> bool:
        """Whether rows of the table are marked as deleted."""
        return not isinstance(self.deletions, Append)

    @cached_property
    def tombstones(self) -> Resource | None:
        """The keys of the rows that are gone, as a resource that is read like others, where there is such a stream."""
        gone = self.deletions
        if not isinstance(gone, Tombstones):
            return None
        key = (*self.key, gone.at) if gone.at else self.key
        return Resource(f"{self.name}_deletions", self.table, gone.model, key, cast("Reader", gone.reader), "report")

    def hold_to_contract(self, extras: Sequence[str], origin: str) -> None:
        """Refuse columns that the model does not know: all where the contract says so, else those that raw cannot hold.

        Raises:
            InputError: There are such columns and the contract is `freeze`, or it is `evolve` and a name is too long or
                cannot be told from another one.
        """
        if self.contract == "report":
            return
        if extras and self.contract == "freeze":
            raise InputError(
                f"unknown column in `{origin}`: {', '.join(f'`{name}`' for name in extras)}",
                hint=f"add it to the row model `{self.model.__name__}`, or give `{self.name}` the contract `evolve` or "
                "`report`",
            )
        names = {raw_name(name, origin): name for name in self.model.model_fields}
        for name in extras:
            known = names.setdefault(raw_name(name, origin), name)
            if known != name:
                raise InputError(
                    f"columns in `{origin}` that raw cannot tell apart: `{known}`, `{name}`",
                    hint="in raw, names are in lower case, with _ for all but letters and digits: have one renamed",
                )


@dataclass(frozen=True)
class Source:
    """An outside system.

    Attributes:
        poll: How often it is asked by itself, where it is one that tells only who asks.
    """

    name: str
    resources: tuple[Resource, ...]
    poll: Poll | None = None

    @property
    def on_request(self) -> list[str]:
        """The resources that are loaded only on request, as `source.resource`."""
        return [f"{self.name}.{resource.name}" for resource in self.resources if resource.on_request]

    def wanted(self, on_request: Collection[str]) -> list[Resource]:
        """Return the resources to load: of those on request only the ones that are named, as `source.resource`."""
        return [each for each in self.resources if not each.on_request or f"{self.name}.{each.name}" in on_request]

    @property
    def required_settings(self) -> list[str]:
        """The environment variables that the resources need."""
        return list(dict.fromkeys(name for each in self.resources for name in each.required_settings))

    @property
    def missing_setting(self) -> str | None:
        """The first environment variable that one of the resources needs and that is not set."""
        return next((name for name in self.required_settings if not Setting(name).is_set), None)


def name_of(path: Path, settings: Settings) -> str:
    """Return the name that a file keeps wherever the data folder lies."""
    return path.relative_to(settings.data_dir).as_posix()
