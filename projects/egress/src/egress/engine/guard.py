"""Stops a delivery that would delete more at a target than anybody expects."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from typing_extensions import Self

from shared.config import read_settings
from shared.data_quality.delete_guard import DeleteGuard as Bounds
from shared.data_quality.delete_guard import TooManyDeletes


class GuardSettings(BaseSettings):
    """What every target lets pass. Each field is set by the variable of its name behind the target's prefix."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    delete_share: float = Field(default=0.1, ge=0, le=1, description="of the rows that the target has")
    delete_rows: int = Field(default=100, ge=0, description="deleted without being asked, whatever share")


@dataclass(frozen=True)
class DeleteGuard(Bounds):
    """How much one delivery may delete without being asked, of the rows that the target has of us."""

    @classmethod
    def of(cls, prefix: str, approved: int | None) -> Self:
        """Return the guard of the target whose settings begin so, with what the caller has approved."""
        values = read_settings(GuardSettings, prefix=prefix)
        return cls(share=values.delete_share, rows=values.delete_rows, approved=approved)

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
