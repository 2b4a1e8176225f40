"""What a raw table may come from that is not this disk, and which of its files in the raw folder were fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from shared.errors import InputError
from shared.monitoring.lineage import Dataset
from shared.tables import Declared
from shared.utils.files import write_whole

# Beside the files of a table: what they are copies of. No file of a table is called so.
MARKS = ".place.json"


class Elsewhere(Protocol):
    """Where a raw table comes from; its rows become files in the table's folder, which are loaded as any are."""

    @property
    def called(self) -> str:
        """What a table that is made of it would be called."""

    @property
    def described(self) -> str:
        """Where it is, for people: without a login."""

    @property
    def settings(self) -> dict[str, bool]:
        """The settings that it needs, and whether each is set."""

    @property
    def dataset(self) -> Dataset:
        """What collectors of lineage know it as."""

    @property
    def form(self) -> Declared | None:
        """How its files are written, where that is no question."""

    def as_declared(self) -> dict[str, Any]:
        """Return it as a declaration has it."""

    def fetch(self, folder: Path) -> None:
        """Have what it holds now in a table's folder; on failure no file has changed.

        Raises:
            InputError, ConfigurationError, SourceUnavailable, StorageFull: It cannot be had.
        """


def told(elsewhere: Elsewhere) -> str:
    """Return where a table comes from and which settings are set, for people."""
    states = [f"{name} is {'set' if is_set else 'not set'}" for name, is_set in elsewhere.settings.items()]
    return ", ".join([f"from {elsewhere.described}", *states])


def refuse_link(folder: Path) -> None:
    """Raise InputError where a table's folder is a link: what is fetched would be written to another place."""
    if folder.is_symlink():
        raise InputError(f"a link in the place of a folder: `{folder.name}`", hint="remove it: files are fetched there")


def fetched(folder: Path) -> tuple[Path, ...]:
    """Return the files of a table's folder that were fetched, in the order of their names where they are from."""
    paths = (folder / name for name in names(read_marks(folder)))
    return tuple(path for path in paths if path.is_file())


def names(marks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names in the table's folder of files that were fetched."""
    return [Path(str(mark["file"])).name for mark in marks.values()]


def read_marks(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what was kept of the files that were fetched, by their names where they are from."""
    try:
        found = json.loads((folder / MARKS).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def keep_marks(folder: Path, marks: Mapping[str, Mapping[str, Any]]) -> int:
    """Keep what the files are copies of, once those of before that are none of them are removed; return how many."""
    gone = {*names(read_marks(folder))} - {*names(marks)}
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    write_whole(folder / MARKS, json.dumps(marks, indent=1))
    return len(gone)
