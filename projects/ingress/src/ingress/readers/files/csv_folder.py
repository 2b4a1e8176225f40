"""Rows from files of tables in a drop folder: read by `shared.tables`, checked in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from ingress.readers.files.text_files import TextFile, TextFiles
from ingress.source import Input, Reader, Resource, Watermark, name_of
from shared.config import Settings
from shared.errors import InputError
from shared.monitoring.lineage import Dataset
from shared.tables import Declared, look
from shared.utils.console import step
from shared.utils.delivered import hold_within


@dataclass(frozen=True)
class CsvFolder(Reader):
    """All files of a folder below the landing folder, in the order of their names.

    How a file is written is found by looking at it, unless it is said here; an empty field is null. How the values of a
    field are written is for the row model to say, by `Written`.

    Attributes:
        folder: Its name below the landing folder.
        pattern: The names of the files: `*.csv`, `*.csv.gz`, `*.xlsx`.
        encoding: Python's name of it.
        delimiter: The sign between fields.
        skip: How many lines stand above the header.
        sheet: The sheet of a workbook.
    """

    folder: str
    pattern: str = "*.csv"
    encoding: str | None = None
    delimiter: str | None = None
    skip: int | None = None
    sheet: str | None = None

    def __post_init__(self) -> None:
        # What cannot be declared is found at import.
        _ = self.declared

    @property
    def declared(self) -> Declared:
        """What is said of how the files are written."""
        return Declared(self.encoding, self.delimiter, self.skip, self.sheet)

    @override
    def where(self, settings: Settings) -> str:
        folder, pattern = self.drop_folder(settings)
        return f"{name_of(folder, settings)}/{pattern}"

    @override
    def dataset(self, settings: Settings) -> Dataset:
        return Dataset.of_file(settings.landing_dir / self.folder)

    @override
    def drop_folder(self, settings: Settings) -> tuple[Path, str]:
        return settings.landing_dir / self.folder, self.pattern

    @override
    def files(self, settings: Settings) -> list[Path]:
        folder, pattern = self.drop_folder(settings)
        found = sorted(folder.glob(pattern))
        hold_within(settings.landing_dir, found)
        if not found:
            raise InputError(
                f"no CSV file in the drop folder: `{folder}`",
                hint="drop a file there, or run the task demo-data",
            )
        return found

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[Path], since: Watermark | None = None
    ) -> Input:
        extras: dict[str, None] = {}
        found: list[TextFile] = []
        with step(f"{resource.name}: looking at {len(files)} files"):
            for order, path in enumerate(files):
                origin = name_of(path, settings)
                form = look(path, origin=origin, declared=self.declared)
                form.check_names(origin)
                unknown = resource.rows.extra_columns(form.header, origin)
                resource.hold_to_contract(unknown, origin)
                extras.update(dict.fromkeys(unknown))
                found.append(TextFile(path, origin, order, form))
        resource.hold_to_contract(list(extras), self.where(settings))
        rows = TextFiles(resource, found, list(extras))
        return Input(list(extras), rows.batches(), rows.duplicated)
