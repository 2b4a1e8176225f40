"""How much may be deleted at once without anybody being asked."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import PlatformError


class TooManyDeletes(PlatformError):
    """So much would be deleted that somebody has to approve it first."""

    code = "too_many_deletes"


@dataclass(frozen=True)
class DeleteGuard:
    """How many rows may be deleted at once without being asked.

    What it stops is over both bounds: by share alone a small table would be blocked for ever, and by count alone a big
    one that loses its every tenth row in a day would need an approval each day.

    Attributes:
        share: Of the rows that there are, between 0 and 1.
        rows: How many rows.
        approved: A ceiling that takes the place of both bounds.
        all_at_once: Whether all rows may go, however few they are.
    """

    share: float
    rows: int
    approved: int | None = None
    all_at_once: bool = True

    def objection(self, deletes: int, of: int) -> str | None:
        """Say why so many of the rows that there are may not be deleted, None where they may."""
        if self.approved is not None:
            return None if deletes <= self.approved else f"more than the {self.approved:,} that are approved"
        if deletes == of and deletes and not self.all_at_once:
            return "all that it has"
        if deletes <= self.rows or deletes <= self.share * of:
            return None
        return f"more than {self.rows:,} rows and more than {self.share:.0%} of the {of:,} rows that it has"
