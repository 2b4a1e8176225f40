"""Rows on their way to an API, and what it has said of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from shared.errors import PlatformError


class Row(NamedTuple):
    """A row on its way.

    Attributes:
        key: The row's key in the model.
        content: The hash of what it holds.
        history: What the target was sent of it last: the run, or the receipt.
        receipt: Of what the target has of it, None where it has nothing.
        payload: The model's row, as JSON.
        sent: What is sent of it, as JSON.
        path: Where to, the places filled.
        unfit: Why it cannot be sent at all.
        marks: Of its fields, as `fields` has them.
        last_marks: Of what the target has of it.
        own_id: What the target calls it.
        named: Its key as JSON has it, by which an answer names it.
    """

    key: str
    content: str
    history: str
    receipt: str | None
    payload: str
    sent: str
    path: str
    unfit: str | None = None
    marks: str | None = None
    last_marks: str | None = None
    own_id: str | None = None
    named: str | None = None

    @property
    def name(self) -> str:
        """What an answer calls it."""
        return self.named or self.key


class Said(NamedTuple):
    """What an API said of a row.

    Attributes:
        taken: Whether it has done what was asked.
        receipt: What leads back to the answer.
        reason: Why it has not.
    """

    row: Row
    taken: bool
    receipt: str
    reason: str = ""


@dataclass
class Outcome:
    """What came of some rows; where `error` is set, nothing is known of those that are not among `said`.

    Attributes:
        absent: Whether the target has no such row, which the call was to change.
        put_off: Rows for which the target has no time.
        wait: How many seconds it asks to be left alone for them, where it says so.
        there: What the target calls the row that it has already and that the call was to create.
    """

    said: list[Said] = field(default_factory=list)
    error: PlatformError | None = None
    absent: bool = False
    put_off: list[Row] = field(default_factory=list)
    wait: float | None = None
    there: str | None = None
