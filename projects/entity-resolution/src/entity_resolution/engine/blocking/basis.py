"""What the pairs of a resolution were found by beside its model: kept in master, so that increments go on with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from typing_extensions import Self

from entity_resolution.engine.blocking.rules import Rule


@dataclass(frozen=True)
class Basis:
    """The values that are held out, and the rules with those that they skip.

    Attributes:
        fillers: The values that stand for nothing, by column.
        rules: The rules by which pairs are found.
    """

    fillers: Mapping[str, Sequence[str]]
    rules: Sequence[Rule]

    @classmethod
    def of(cls, fillers: Mapping[str, Mapping[str, int]], rules: Sequence[Rule]) -> Self:
        """Return that of parties that were linked, see `Linked`."""
        return cls({column: sorted(values) for column, values in fillers.items()}, rules)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what `to_json` has made a text of."""
        kept = json.loads(text)
        return cls(kept["fillers"], [Rule.from_json(each) for each in kept["rules"]])

    def to_json(self) -> str:
        """Return it as a text; equal ones have equal texts."""
        return json.dumps(asdict(self), sort_keys=True)
