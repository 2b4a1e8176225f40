"""A look at files: at the last one of a pattern, as all of them are to be alike."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ingress.new.formats import LOOKS
from ingress.new.found import Table
from ingress.new.names import resource_name
from ingress.new.origin import Origin, as_called, parted
from ingress.new.values import key_of
from ingress.readers.files.reader import Files
from shared.config import Settings
from shared.config.named import Setting
from shared.errors import UserError
from shared.http.redaction import shortened
from shared.new.code import Call
from shared.places import FileMark, at_hand
from shared.places.names import WILD

SHOWN = 100


def place_of(origin: Origin, name: str, settings: Settings) -> tuple[Origin, Path | None]:
    """Return the place of files on this disk, and the file to copy there where it lies elsewhere.

    Raises:
        UserError: There is no such file, or several lie elsewhere.
    """
    if origin.kind == "place":
        return origin, None
    path = as_called(origin.address).absolute()
    folder = Path(os.path.normpath(path))
    if folder.is_relative_to(settings.landing_dir) and folder != settings.landing_dir:
        below = folder.relative_to(settings.landing_dir).as_posix()
        if folder.is_dir():
            raise UserError(
                f"a folder, of which it is not said which files are meant: `{shortened(below, SHOWN)}`",
                hint="write a pattern behind it in quotes, as in 'data/landing/shop/*.csv'",
            )
        place, pattern = parted(below)
        return Origin("place", place, pattern), None
    if not path.is_file():
        raise UserError(
            f"no such file: `{shortened(origin.address, SHOWN)}`",
            hint="correct the path; a folder or pattern has to lie below data/landing, or write s3://bucket/folder/*.csv",
        )
    if WILD & set(path.name) or not path.name.isprintable() or path.name.startswith("."):
        raise UserError(
            f"a file's name that would be a pattern, or is not shown: `{shortened(path.name, SHOWN)}`", hint="rename it"
        )
    return Origin("place", name, path.name), path


def look_at_files(
    origin: Origin,
    name: str,
    settings: Settings,
    *,
    table: str | None,
    key: Sequence[str],
    credentials: Mapping[str, object],
    declared: Mapping[str, object],
    copied: Path | None,
) -> Table:
    """Look at the files of a place.

    Args:
        origin: The place and the names of the files.
        name: The source's.
        settings: Names the landing folder.
        table: What the resource is called, if not after the files.
        key: What the user says identifies a row.
        credentials: For a place behind a server.
        declared: What is said of how text is written: encoding, delimiter, skip, sheet.
        copied: A file that will be in the place, and is not yet.

    Raises:
        PlatformError: There are no files, or none that can be read with certainty.
    """
    place: str | Setting = Setting(origin.setting) if origin.setting else origin.address
    reader = Files(place, origin.rest, credentials=credentials, **declared)  # type: ignore[arg-type]
    resource = table or resource_name(re.split(r"[*?\[.]", origin.rest.rpartition("/")[2])[0].strip("_- ") or name)
    marks = [FileMark(copied.name, "", copied.stat().st_size, copied)] if copied else reader.files(settings)
    with at_hand(marks[-1:]) as (file,):
        seen = LOOKS[reader.read_as](file, reader.declared)
        found, why = key_of(resource, seen.columns, key, seen.is_unique, seen.rows, seen.candidates)
    call = Call("Files", (place, origin.rest), {"credentials": dict(credentials) or None, **declared})
    told = f"{len(marks):,} files; looked at `{shortened(marks[-1].name, SHOWN)}`"
    whole = seen.whole and len(marks) == 1
    return Table(resource, seen.columns, call, found, why, [told, *seen.notes], whole=whole)
