"""Files that people drop: which are new since the last look."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dagster import AssetSelection

from shared.config import Settings
from shared.csv_monitor import CSVMonitor, Scan, Seen


@dataclass(frozen=True)
class Drop:
    """A folder that is watched.

    Attributes:
        name: Whose it is.
        folder: Where the files are dropped.
        patterns: Which files count: what `Path.glob` finds from the folder by one of them.
        assets: What is made anew when there is a new one.
        within: The folder that links may lead to; the watched one where it is None.
    """

    name: str
    folder: Path
    patterns: tuple[str, ...]
    assets: AssetSelection
    within: Path | None = None

    def new(self, scan: Scan) -> list[Seen]:
        """Return the new and changed files of one of the patterns: a scan goes by their names alone."""
        wanted = {path for pattern in self.patterns for path in self.folder.absolute().glob(pattern)}
        return [file for file in scan.to_load if self.folder.absolute() / file.name in wanted]


@dataclass(frozen=True)
class Dropped:
    """What was found in a folder.

    Attributes:
        digest: A hash of the files and their content: asked for twice, a run happens once.
    """

    drop: Drop
    digest: str
    names: tuple[str, ...]

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the run."""
        return {"files": ", ".join(self.names)[:200], "dropped": self.drop.name}


def dropped(drops: Sequence[Drop], settings: Settings, asked: Collection[str]) -> Iterator[Dropped]:
    """Return the folders in which files are new or changed since they were last seen.

    What has been asked for counts as seen only at the next look, as Dagster keeps what was asked when a look has ended:
    killed in between, it is asked for again. At the very first look nothing is new: what lies there then is left to
    whoever runs the platform for the first time.

    Args:
        drops: The folders.
        settings: Where it is kept what was seen.
        asked: The digests that the last look has returned.
    """
    for drop in drops:
        if not drop.folder.is_dir():
            continue
        seen = settings.state_dir / "drops" / f"{drop.name}.json"
        names = [PurePosixPath(pattern).name for pattern in drop.patterns]
        monitor = CSVMonitor(drop.folder, seen, pattern=names, within=drop.within)
        new = drop.new(monitor.scan())
        found = Dropped(drop, _digest(drop, new), tuple(file.name for file in new))
        if not seen.exists() or found.digest in asked:
            monitor.mark_loaded(new)
        elif found.names:
            yield found


def _digest(drop: Drop, new: Sequence[Seen]) -> str:
    text = "\n".join([drop.name, *(f"{file.name} {file.sha256}" for file in new)])
    return hashlib.sha256(text.encode()).hexdigest()
