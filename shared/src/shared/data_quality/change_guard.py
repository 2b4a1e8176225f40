"""How much may be changed at once without anybody being asked."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import PlatformError


class TooManyChanges(PlatformError):
    """So much would be changed that somebody has to approve it first."""

    code = "too_many_changes"


class TooManyDeletes(TooManyChanges):
    """So much would be deleted that somebody has to approve it first."""

    code = "too_many_deletes"


@dataclass(frozen=True)
class ChangeGuard:
    """How many rows may be changed in one way, as deleted, at once without being asked.

    What it stops is over both bounds: by share alone a small table would be blocked for ever, and by count alone a big
    one that loses its every tenth row in a day would need an approval each day.

    Attributes:
        share: Of the rows that there are: 0.1 is a tenth of them, 2 twice as many.
        rows: How many rows.
        approved: A ceiling that takes the place of both bounds.
        all_at_once: Whether all rows may be changed, however few they are.
    """

    share: float
    rows: int
    approved: int | None = None
    all_at_once: bool = True

    def objection(self, changed: int, of: int) -> str | None:
        """Say why so many rows, where there are so many, may not be changed, None where they may."""
        if self.approved is not None:
            return None if changed <= self.approved else f"more than the {self.approved:,} that are approved"
        if changed == of and changed and not self.all_at_once:
            return "all that it has"
        if changed <= self.rows or changed <= self.share * of:
            return None
        return f"more than {self.rows:,} rows and more than {self.share:.0%} of the {of:,} rows that it has"
