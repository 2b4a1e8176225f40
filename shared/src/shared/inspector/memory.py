"""The last inspection of each target of a database, kept for the next one to be compared with."""

from __future__ import annotations

import hashlib
from pathlib import Path

from shared.errors import InputError
from shared.inspector.results import Inspection
from shared.utils.clock import is_ahead
from shared.utils.console import say
from shared.utils.files import write_whole

WHOLE = "database.json"


class Memory:
    """A folder of inspections.

    Args:
        folder: It belongs to one database.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def last(self, target: str | None, schema: str | None = None) -> Inspection | None:
        """Return the newest inspection that a target's tables were part of, None where there is none to be read.

        Args:
            target: What was inspected.
            schema: Where the target is a table, its schema.
        """
        places = dict.fromkeys((self.path(target), self.path(schema), self.path(None)))
        known = [inspection for path in places if (inspection := self._read(path)) is not None]
        # One that a wrong clock has dated ahead would be the newest until then.
        return max(known, key=lambda found: (not is_ahead(found.taken_at), found.taken_at), default=None)

    def keep(self, inspection: Inspection) -> None:
        """Write an inspection down in one step, in the place of the last one of its target; say where that fails."""
        path = self.path(inspection.target)
        try:
            write_whole(path, inspection.to_json())
        except OSError as error:
            say(f"this inspection cannot be remembered: {error}")

    def path(self, target: str | None) -> Path:
        """Return where the last inspection of a target is kept; a hash, as names may hold anything."""
        if target is None:
            return self.folder / WHOLE
        return self.folder / f"{hashlib.sha256(target.encode()).hexdigest()[:16]}.json"

    def _read(self, path: Path) -> Inspection | None:
        try:
            return Inspection.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, InputError) as error:
            say(f"the last inspection cannot be read and is left aside: `{path}`: {error}")
            return None
