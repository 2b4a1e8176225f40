"""Stops a delivery that would change more at a target than anybody expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from typing_extensions import Self

from shared.config import read_settings
from shared.data_quality.change_guard import ChangeGuard, TooManyChanges

Change: TypeAlias = Literal["create", "update", "delete"]
CHANGES: tuple[Change, ...] = get_args(Change)
# How many rows of each, 0 of those that are not in it.
Counts: TypeAlias = Mapping[Change, int]


class GuardSettings(BaseSettings):
    """What every target lets pass. Each field is set by the variable of its name behind the target's prefix.

    A share is one of the rows that the target has; so many rows pass whatever share they are.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    create_share: float = Field(default=1.0, ge=0)
    create_rows: int = Field(default=1_000, ge=0)
    update_share: float = Field(default=0.5, ge=0, le=1)
    update_rows: int = Field(default=1_000, ge=0)
    delete_share: float = Field(default=0.1, ge=0, le=1)
    delete_rows: int = Field(default=100, ge=0)


def approval(change: Change) -> str:
    """Return the option that approves of so many changes."""
    return f"--approve-{change}s"


@dataclass(frozen=True)
class Guard:
    """How much one delivery may change without being asked, of the rows that the target has of us.

    Attributes:
        bounds: By what is done to rows.
        first: Whether no delivery to the target has come to its end yet: it may create what it likes.
    """

    bounds: Mapping[Change, ChangeGuard]
    first: bool

    @classmethod
    def of(cls, prefix: str, approved: Counts, *, first: bool) -> Self:
        """Return the guard of the target whose settings begin so, with what the caller has approved."""
        values = read_settings(GuardSettings, prefix=prefix).model_dump()
        return cls(
            {
                change: ChangeGuard(values[f"{change}_share"], values[f"{change}_rows"], approved.get(change))
                for change in CHANGES
            },
            first,
        )

    def objections(self, changes: Counts, of: int) -> dict[Change, str]:
        """Say what is too much where the target has `of` rows of us, and why."""
        found = {}
        for change, rows in changes.items():
            bound = self.bounds[change]
            free = change == "create" and bound.approved is None and (self.first or not of)
            said = None if free else bound.objection(rows, of)
            if said:
                found[change] = said
        return found

    def check(self, target: str, changes: Counts, of: int) -> None:
        """Refuse to go on where there is an objection.

        Raises:
            TooManyChanges: There is one.
        """
        found = self.objections(changes, of)
        if found:
            what = "; ".join(f"{change} {changes[change]:,} rows: {why}" for change, why in found.items())
            options = " ".join(f"{approval(change)} {changes[change]}" for change in found)
            raise TooManyChanges(
                f"the delivery to `{target}` would {what}",
                hint=f"nothing was sent; see with `plan` whether the model is as it should be, then run it with "
                f"`{options}`: a ceiling, which a later run with more to do does not pass",
            )
