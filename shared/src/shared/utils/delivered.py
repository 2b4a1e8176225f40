"""Files that others have put into a folder of ours: a link among them may lead to what is none of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from shared.errors import InputError
from shared.utils.excerpts import excerpt

LONGEST_NAME = 200


def hold_within(folder: Path, paths: Iterable[Path]) -> None:
    """Refuse what is reached through a link that leads out of a folder, and what would never end when it is read.

    The folder itself may be a link: whoever runs the platform has made it.

    Raises:
        InputError: There is such a path; the message names it as it is called below the folder.
    """
    inside = folder.resolve()
    for path in paths:
        name = excerpt(path.relative_to(folder).as_posix(), LONGEST_NAME)
        try:
            target = path.resolve()
        except (OSError, RuntimeError) as error:
            raise InputError(f"a link that leads to itself: `{name}`", hint="have the file delivered itself") from error
        if not target.is_relative_to(inside):
            raise InputError(
                f"a link that leads out of `{folder}`: `{name}`",
                hint=f"nothing was read through it; it leads to `{excerpt(str(target), LONGEST_NAME)}`: "
                "have the file delivered itself, or remove the link",
            )
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise InputError(f"not a file: `{name}`", hint="it is a pipe or a device: remove it")
