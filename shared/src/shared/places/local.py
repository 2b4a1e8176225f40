"""Folders of this disk that files are delivered to."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from shared.errors import ConfigurationError
from shared.places.files import FileMark
from shared.places.names import MOST_FILES, check_number
from shared.utils.delivered import hold_within
from shared.utils.excerpts import excerpt
from shared.utils.files import sha256_of


def folder_below(landing: Path, place: str) -> Path:
    """Return a folder below the landing folder.

    Raises:
        ConfigurationError: It would be elsewhere.
    """
    found = Path(place)
    if found.is_absolute() or ".." in found.parts or not found.parts:
        raise ConfigurationError(
            f"not a folder below data/landing: `{excerpt(place, 200)}`",
            hint="name it as in `crm`; what is elsewhere is linked or mounted there, or read as s3://…",
        )
    return landing / found


def files_of_folder(folder: Path, pattern: str, *, within: Path, named_from: Path) -> list[FileMark]:
    """Return the files of a folder, in the order of their names.

    Args:
        within: What no link may lead out of.
        named_from: The folder that names begin at.

    Raises:
        InputError: There is a link that leads out, a pipe, or more than can be listed.
    """
    paths = sorted(islice(folder.glob(pattern), MOST_FILES + 1))
    check_number(paths, folder.relative_to(named_from).as_posix())
    hold_within(within, paths)
    return [
        FileMark(path.relative_to(named_from).as_posix(), sha256_of(path), path.stat().st_size, path) for path in paths
    ]
