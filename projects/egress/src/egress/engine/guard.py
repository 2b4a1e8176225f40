"""Stops a delivery that would delete more at a target than anybody expects."""

from __future__ import annotations

from dataclasses import dataclass

from shared.data_quality.delete_guard import DeleteGuard as Bounds
from shared.data_quality.delete_guard import TooManyDeletes


@dataclass(frozen=True)
class DeleteGuard(Bounds):
    """How much one delivery may delete without being asked, of the rows that the target has of us."""

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
