"""Rows from files of a place: found and marked, had at hand, and read by their format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from typing_extensions import override

from ingress.readers.files.jsonl import read_json_lines
from ingress.readers.files.parquet import read_parquet
from ingress.readers.files.text_files import read_tables
from ingress.source import Batch, Input, Reader, Resource, Watermark, name_of
from shared.config import Settings
from shared.config.named import Setting, settings_of
from shared.errors import ConfigurationError, InputError
from shared.monitoring.lineage import Dataset
from shared.places import FileMark, RemotePlace, at_hand, files_of_folder, folder_below, scheme_of
from shared.places.names import WILD, shown
from shared.tables import Declared

Format = Literal["csv", "jsonl", "parquet"]
# What `shared.tables` reads is one format, as it finds out by itself how a file of it is written.
FORMATS: Mapping[str, Format] = {
    **dict.fromkeys(("csv", "tsv", "txt", "xlsx"), "csv"),
    **dict.fromkeys(("jsonl", "ndjson", "json"), "jsonl"),
    **dict.fromkeys(("parquet", "pq"), "parquet"),
}
CONTAINERS = (".gz", ".zip")


@dataclass(frozen=True)
class Files(Reader):
    """All files of a place whose names are of a pattern, in the order of their names; a later one wins a key.

    How a file of text is written is found by looking at it, unless it is said here; an empty field is null. How the
    values of a field are written is for the row model to say, by `Written`.

    Attributes:
        place: A folder below the landing folder, `s3://bucket/folder` or the like, or the setting that has either.
        pattern: The names of the files: `*.csv`, `*.jsonl.gz`, `*.xlsx`, `**/*.parquet`, or one name.
        format: `csv` for what `shared.tables` reads, `jsonl` or `parquet`; by the pattern's suffix, where it has one.
        credentials: For a place behind a server, as dlt's `filesystem` declares them; a secret is a `Setting`.
        encoding: Python's name of it.
        delimiter: The sign between fields.
        skip: How many lines stand above the header.
        sheet: The sheet of a workbook.
    """

    place: str | Setting
    pattern: str = "*.csv"
    format: Format | None = None
    credentials: Mapping[str, object] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    skip: int | None = None
    sheet: str | None = None
    in_columns: bool = field(init=False)
    one_file: bool = field(init=False)

    def __post_init__(self) -> None:
        # What cannot be declared is found at import.
        _ = self.declared
        if isinstance(self.place, str) and scheme_of(self.place) is None:
            folder_below(Path(), self.place)
        object.__setattr__(self, "in_columns", self.read_as == "parquet")
        object.__setattr__(self, "one_file", not WILD & set(self.pattern))

    @property
    def declared(self) -> Declared:
        """What is said of how files of text are written."""
        return Declared(self.encoding, self.delimiter, self.skip, self.sheet)

    @property
    def read_as(self) -> Format:
        """The format of the files.

        Raises:
            ConfigurationError: It is not said.
        """
        name = self.pattern.lower().rstrip("*")
        for container in CONTAINERS:
            name = name.removesuffix(container)
        found = self.format or FORMATS.get(name.rpartition(".")[2])
        if found is None or found not in get_args(Format):
            raise ConfigurationError(
                f"files of no format that can be told by their names: `{self.pattern}`",
                hint=f"declare `format=`: {', '.join(get_args(Format))}",
            )
        return found

    @property
    @override
    def required_settings(self) -> tuple[str, ...]:
        place = [self.place.name] if isinstance(self.place, Setting) else []
        return (*place, *(setting.name for setting in settings_of(self.credentials)))

    @property
    def _place(self) -> str:
        return self.place.value() if isinstance(self.place, Setting) else self.place

    @override
    def where(self, settings: Settings) -> str:
        if isinstance(self.place, Setting):
            return f"${self.place.name}/{self.pattern}"
        return f"{self._url or name_of(settings.landing_dir / self.place, settings)}/{self.pattern}"

    @property
    def _url(self) -> str | None:
        """The address of a place behind a server, without a login."""
        return shown(self._place) if scheme_of(self._place) else None

    @override
    def dataset(self, settings: Settings) -> Dataset:
        if self._url:
            return Dataset.of_url(self._url)
        folder = folder_below(settings.landing_dir, self._place)
        return Dataset.of_file(folder / self.pattern if self.one_file else folder)

    @override
    def drop_folder(self, settings: Settings) -> tuple[Path, str] | None:
        if self.missing_setting or scheme_of(self._place):
            return None
        return folder_below(settings.landing_dir, self._place), self.pattern

    @override
    def absent(self, settings: Settings) -> str | None:
        if said := super().absent(settings):
            return said
        remote = self._remote()
        return f"no file `{self.where(settings)}`" if remote and remote.is_empty(self.pattern) else None

    def _remote(self) -> RemotePlace | None:
        """The place, where it is behind a server."""
        from ingress.readers.files.clients import opened

        scheme = scheme_of(self._place)
        return opened(scheme, self._place, self.credentials) if scheme else None

    @override
    def files(self, settings: Settings) -> list[FileMark]:
        remote, landing = self._remote(), settings.landing_dir
        if remote:
            found = remote.files(self.pattern)
        else:
            folder = folder_below(landing, self._place)
            found = files_of_folder(folder, self.pattern, within=landing, named_from=settings.data_dir)
        if not found:
            where = f"{remote.url if remote else folder}"
            several = f"no {self.read_as.upper()} file in the drop folder: `{where}`"
            raise InputError(
                f"no such file: `{where}/{self.pattern}`" if remote or self.one_file else several,
                hint="deliver a file there" if remote else "drop a file there, or run the task demo-data",
            )
        return found

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[FileMark], since: Watermark | None = None
    ) -> Input:
        with ExitStack() as stack:
            found = stack.enter_context(at_hand(files))
            if self.read_as == "csv":
                rows = read_tables(resource, found, self.declared)
            else:
                rows = (read_parquet if self.read_as == "parquet" else read_json_lines)(resource, found)
            resource.hold_to_contract(rows.extras, self.where(settings))
            return replace(rows, batches=closing(rows.batches, stack.pop_all()))


def closing(batches: Iterable[Batch], stack: ExitStack) -> Iterator[Batch]:
    """Yield batches, and let go of what they are read from."""
    with stack:
        yield from batches
