"""What is failed now, in a file for each subject: several processes and a crash at any point leave it readable."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, NaiveDatetime, ValidationError

from shared.config import Settings
from shared.errors import WarehouseBusy, first_line
from shared.monitoring.logs import log_event
from shared.utils.files import write_whole
from shared.warehouse.lock import FileLock

# A process that tells about the same subject is done by then, unless its servers hardly answer.
LOCK_SECONDS = 60.0
# How many failures of one subject are told apart; the one that was told longest ago is forgotten first.
MOST_FINGERPRINTS = 50

# What differs between two occurrences of the same failure, the longest first.
CHANGING = re.compile(
    r"""
    (?<![\w/])(?:/private)?(?:/var/tmp|/tmp|/var/folders/[^/\s]+/[^/\s]+/T)/[^/\s'"`:,;)]+  # a temporary file or folder
    | \btmp[a-z0-9_]{6,}\b                                              # the same, as Python names them
    | \b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b  # a uuid
    | \b0x[0-9a-f]+\b                                                   # an address
    | \b(?=[a-f]*[0-9])[0-9a-f]{8,}\b                                   # a hash
    | \d+(?:[-:.,/T\ ]\d+)*(?:Z|[+-]\d\d:?\d\d)?                        # a number or a point in time
    """,
    re.IGNORECASE | re.VERBOSE,
)


class Episode(BaseModel):
    """A subject's failure for as long as it lasts.

    Attributes:
        since: When it failed first, in UTC.
        failures: How often it has failed since.
        suppressed: How many of these were not told.
        message: The latest of them.
        sent: When each different failure was told last.
        recovered_at: When it succeeded again, where nobody could be told so yet.
    """

    subject: str
    since: NaiveDatetime
    failures: int = 0
    suppressed: int = 0
    message: str = ""
    sent: dict[str, NaiveDatetime] = {}
    recovered_at: NaiveDatetime | None = None

    def mark_sent(self, failure: str, now: datetime) -> None:
        """Note that a failure was told."""
        self.sent.pop(failure, None)
        self.sent[failure] = now
        for oldest in list(self.sent)[:-MOST_FINGERPRINTS]:
            del self.sent[oldest]


def fingerprint(subject: str, message: str) -> str:
    """Return what two occurrences of the same failure have in common."""
    same = " ".join(CHANGING.sub("#", message).split())
    return hashlib.sha256(f"{subject}\0{same}".encode()).hexdigest()[:16]


class EpisodeStore:
    """The episodes of a platform. What cannot be read or written is said in the log and counts as not there."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.state_dir / "alerts"
        self._settings = settings

    @contextmanager
    def turn(self, subject: str) -> Iterator[None]:
        """Let one process at a time tell about a subject; where the lock is not to be had, go on without."""
        path = self._path(subject)
        lock = FileLock(path, "alerts", timeout=LOCK_SECONDS, on_wait=lambda _: None)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(exclusive=True)
        except (OSError, WarehouseBusy) as error:
            self._complain(path, error)
        try:
            yield
        finally:
            lock.release()

    def read(self, subject: str) -> Episode | None:
        """Return the subject's episode, or None where it is not failed."""
        return self._read(self._path(subject))

    def write(self, episode: Episode) -> None:
        """Keep an episode, in one step."""
        path = self._path(episode.subject)
        try:
            write_whole(path, episode.model_dump_json(indent=1))
        except OSError as error:
            self._complain(path, error)

    def forget(self, subject: str) -> None:
        """Remove the subject's episode."""
        path = self._path(subject)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self._complain(path, error)

    def all(self) -> list[Episode]:
        """Return every episode, the oldest first."""
        found = [self._read(path) for path in self.folder.glob("*.json")]
        return sorted((episode for episode in found if episode), key=lambda episode: episode.since)

    def _path(self, subject: str) -> Path:
        return self.folder / f"{hashlib.sha256(subject.encode()).hexdigest()[:16]}.json"

    def _read(self, path: Path) -> Episode | None:
        try:
            return Episode.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            self._complain(path, error)
            return None

    def _complain(self, path: Path, error: Exception) -> None:
        facts = {"file": str(path), "error": type(error).__name__, "reason": first_line(error)}
        log_event(self._settings, "alert state unusable", **facts)
