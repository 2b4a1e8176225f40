"""The kinds of targets as the guarantees' tests use them: a place of each that the model of customers goes to.

A module a package of `egress.kinds`, which ends with `PLACES`; a kind without one fails the suite.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from egress.engine.models import Model
from egress.engine.plan import Target

MODEL = Model("egress.customer_360", key="entity_id")
# What a place that refuses refuses.
BAD = "bad"
# A port that nobody listens at.
NOBODY = "127.0.0.1:9"
Rows = dict[str, tuple[str | None, Decimal]]
# Where a function is: in which class or module, and what it is called.
Step = tuple[Any, str]


class Place(ABC):
    """A place of one kind.

    Attributes:
        name: The place's in the tests' ids.
        target: What delivers to it, called `place`, with settings that begin so.
        steps: Functions of the kind that change something there, or come between others that do.
        whole: Whether what is there is always all of a delivery, whatever happens.
    """

    name: ClassVar[str]
    target: ClassVar[Target]
    steps: ClassVar[Sequence[Step]]
    whole: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def opened(
        cls, folder: Path, patch: pytest.MonkeyPatch, fixture: Callable[[str], Any]
    ) -> AbstractContextManager[Place]:
        """Make a place that the settings know, in an empty folder or on loopback, and take it away.

        Args:
            fixture: Returns a fixture of the tests by its name.
        """

    @abstractmethod
    def rows(self) -> Rows:
        """Return surname and sales of each row that is there, by its key."""

    @abstractmethod
    def traces(self) -> object:
        """Return what is another thing after anybody has written, or sent, anything there."""

    @abstractmethod
    def broken(self, patch: pytest.MonkeyPatch) -> AbstractContextManager[None]:
        """Let nobody deliver to it, while inside."""

    def refusing(self) -> AbstractContextManager[None]:
        """Have it refuse rows of which the surname is `BAD`, while inside; of kinds that deliver by row."""
        raise NotImplementedError


def row(key: str, surname: str | None, sales: object) -> tuple[str, tuple[str | None, Decimal]]:
    """Return a row as `Place.rows` has it."""
    return key, (surname, Decimal(str(sales)).quantize(Decimal("0.01")))
