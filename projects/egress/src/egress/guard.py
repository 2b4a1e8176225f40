"""Stops a delivery that would delete more at a target than anybody expects."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import PlatformError


class TooManyDeletes(PlatformError):
    """A delivery would delete so much at a target that somebody has to approve it first."""

    code = "too_many_deletes"


@dataclass(frozen=True)
class DeleteGuard:
    """How much one delivery may delete without being asked.

    What it stops is over both bounds: by share alone a small table would be blocked for ever, and by count alone a big
    one that loses its every tenth row in a day would need an approval each day.

    Attributes:
        share: Of the rows that the target has of us, between 0 and 1.
        rows: How many rows.
        approved: A ceiling that takes the place of both bounds.
    """

    share: float
    rows: int
    approved: int | None = None

    def objection(self, deletes: int, of: int) -> str | None:
        """Say why so many of the rows that a target has may not be deleted, None where they may."""
        if self.approved is not None:
            return None if deletes <= self.approved else f"more than the {self.approved:,} that are approved"
        if deletes <= self.rows or deletes <= self.share * of:
            return None
        return f"more than {self.rows:,} rows and more than {self.share:.0%} of the {of:,} rows that it has"

    def check(self, target: str, deletes: int, of: int) -> None:
        """Refuse to go on where there is an objection.

        Raises:
            TooManyDeletes: There is one.
        """
        objection = self.objection(deletes, of)
        if objection:
            raise TooManyDeletes(
                f"the delivery to `{target}` would delete {deletes:,} rows: {objection}",
                hint=f"nothing was sent; see with `plan` whether they have left the model for good, then run it with "
                f"`--approve-deletes {deletes}`: a ceiling, which a later run with more to delete does not pass",
            )
