"""The rules of which pairs are compared, as a model keeps them: with the values that they do not look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from typing_extensions import Self

from entity_resolution.entity import Entity
from entity_resolution.kinds import Block
from entity_resolution.kinds.functions import SEPARATOR
from shared.warehouse import literal, quote


@dataclass(frozen=True)
class Rule:
    """A rule and the values that it skips, because too many records share them.

    A value may be somebody's name, so what is kept of it is a hash.

    Attributes:
        columns: The columns that it looks at.
        condition: On the two records `l` and `r`.
        left, right: What must be equal in the two, each as a text on a record `l`: what it has to hold to be the left
            one of a pair, and what to be the right one.
        skipped: The hashes of values whose pairs it does not make, and how many records have each.
        beside_one_of: In one of these columns the two must agree as well; none where it is empty.
        is_off: Whether it makes no pairs at all, as too many of its values are too common.
        is_split: Whether its pairs are found by one join for each column beside.
    """

    columns: tuple[str, ...]
    condition: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)
    beside_one_of: tuple[str, ...] = ()
    is_off: bool = False
    is_split: bool = False

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return the rule that a model has kept."""
        lists = {name: tuple(kept[name]) for name in ("columns", "left", "right", "beside_one_of")}
        return cls(**{**kept, **lists})

    @property
    def name(self) -> str:
        """What it is told by."""
        beside = f" and one of {', '.join(self.beside_one_of)}" if self.beside_one_of else ""
        return ", ".join(self.columns) + beside

    @property
    def is_even(self) -> bool:
        """Whether a pair that it finds it also finds the other way round."""
        return self.left == self.right

    @property
    def sql(self) -> str:
        """The condition on `l` and `r` without the values that are skipped."""
        return self._with(f"({' or '.join(self._equal_beside)})" if self.beside_one_of else "")

    @property
    def joins(self) -> Sequence[str]:
        """Conditions on `l` and `r` to join by: a pair that it finds meets one or several, and no other pair does."""
        return [self._with(equal) for equal in self._equal_beside] if self.is_split else [self.sql]

    @property
    def _equal_beside(self) -> list[str]:
        return [f"l.{quote(column)} = r.{quote(column)}" for column in self.beside_one_of]

    def _with(self, equal: str) -> str:
        conditions = [self.condition]
        if self.is_off:
            conditions.append("1 = 0")
        if equal:
            conditions.append(equal)
        if self.skipped and not self.is_off:
            listed = ", ".join(map(literal, sorted(self.skipped)))
            conditions.append(f"{hashed(self.left)} not in ({listed})")
        return " and ".join(conditions)

    def beside(self, column: str) -> Rule:
        """Return the rule that two records must agree in a column as well."""
        text = as_text(f"l.{quote(column)}")
        return replace(self, left=(*self.left, text), right=(*self.right, text), skipped={})


def rules_of(entity: Entity, blocks: Iterable[Block]) -> list[Rule]:
    """Return rules of an entity with nothing skipped; two records of a duplicate-free source are no pair."""
    found = []
    for block in blocks:
        left, right = (tuple(map(as_text, side)) for side in zip(*block.keys("l", "l"), strict=True))
        found.append(Rule(block.columns, block.condition + _of_two_sources(entity), left, right))
    return found


def hashed(texts: Iterable[str]) -> str:
    """Return the expression for the hash of what several texts are together; the same on both engines."""
    return f"md5({f' || {literal(SEPARATOR)} || '.join(texts)})"


def _of_two_sources(entity: Entity) -> str:
    if not entity.parties.duplicate_free:
        return ""
    free = ", ".join(map(literal, entity.parties.duplicate_free))
    return f" and (l.source_system <> r.source_system or l.source_system not in ({free}))"


def as_text(value: str) -> str:
    """Return the expression for a value as a text."""
    return f"cast({value} as varchar)"
