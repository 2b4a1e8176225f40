"""Random changes of parties: what happens to records at their sources, by which entities grow, merge, split and end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

Party = dict[str, Any]
NAMES = ("given_name", "surname")
# What tells a party from another one, and is its own whatever its values are.
IDENTITY = ("party_id", "source_system", "source_id")
CHANGES = ("slip", "become", "restore", "stranger", "twin", "leave", "come", "back")


class Parties:
    """Parties that change from step to step, the same ones for the same seed."""

    def __init__(self, parties: Sequence[Party], reserve: Sequence[Party], seed: int) -> None:
        """Begin with some parties; those in reserve are strangers that may come."""
        self.random = random.Random(seed)
        self.there = {each["party_id"]: each for each in parties}
        self.as_they_were = dict(self.there)
        self.reserve = list(reserve)
        self.left: list[Party] = []
        self.twins = 0

    def step(self, changes: int) -> list[Party]:
        """Change some parties, and return all that are there."""
        for _ in range(changes):
            getattr(self, f"_{self.random.choice(CHANGES)}")()
        return [*self.there.values()]

    def _any(self) -> Party:
        return self.random.choice([*self.there.values()])

    def _put(self, party_id: str, values: Party) -> None:
        before = self.there.get(party_id) or self.as_they_were.get(party_id) or values
        self.there[party_id] = {**values, **{name: before[name] for name in IDENTITY}}

    def _slip(self) -> None:
        party = self._any()
        name = self.random.choice(NAMES)
        text = party[name] or "a"
        place = self.random.randrange(len(text))
        self._put(party["party_id"], {**party, name: f"{text[:place]}x{text[place + 1 :]}"})

    def _become(self) -> None:
        self._put(self._any()["party_id"], self._any())

    def _restore(self) -> None:
        moved = [name for name, party in self.there.items() if self.as_they_were.get(name, party) != party]
        if moved:
            name = self.random.choice(moved)
            self._put(name, self.as_they_were[name])

    def _stranger(self) -> None:
        self._put(self._any()["party_id"], self.random.choice(self.reserve))

    def _twin(self) -> None:
        self.twins += 1
        twin = {"party_id": f"crm:twin-{self.twins}", "source_system": "crm", "source_id": f"twin-{self.twins}"}
        self.there[twin["party_id"]] = {**self._any(), **twin}

    def _leave(self) -> None:
        # With the next one, which is often the same person.
        first = self.random.randrange(len(self.there))
        for party_id in [*self.there][first : first + 2]:
            self.left.append(self.there.pop(party_id))

    def _come(self) -> None:
        party = self.reserve.pop()
        self.there[party["party_id"]] = party

    def _back(self) -> None:
        if self.left:
            party = self.left.pop(self.random.randrange(len(self.left)))
            self.there[party["party_id"]] = party
