"""What the values of compared columns are like, without any of them, and how far they are from what they were.

Values fall into 16 classes by a hash and into some by their length. A source that fills a column otherwise, a value
that comes to be common, or another way to write shows in one or the other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from entity_resolution.engine.blocking.rules import as_text
from entity_resolution.engine.tables import PARTIES, Ask
from entity_resolution.entity import KEY, Entity
from shared.warehouse import quote

MISSING = "missing"
# By column: how many records are in each class of values.
Profile = dict[str, dict[str, int]]


def profile(ask: Ask, entity: Entity) -> Profile:
    """Return how the values of each column are spread over the classes, as they are compared."""
    return {column: _classes(ask, column) for column in entity.forms if column not in KEY}


def index(then: Mapping[str, int], now: Mapping[str, int]) -> float:
    """Return the population stability index of a column: from 0.25 on it is held to be another population.

    It is the larger one of those by hash and by length; what chance alone makes of so few records is taken off it.
    """
    return max(_index(then, now, kind) for kind in ("hash", "length"))


def _index(then: Mapping[str, int], now: Mapping[str, int], kind: str) -> float:
    classes = [name for name in {**then, **now} if name.startswith(kind) or name == MISSING]
    before, after = (sum(counts.get(name, 0) for name in classes) for counts in (then, now))
    if not before or not after:
        return 0.0
    total = 0.0
    for name in classes:
        # Half a record more, or what was never there would be infinitely far.
        was, is_ = ((counts.get(name, 0) + 0.5) / (n + 0.5) for counts, n in ((then, before), (now, after)))
        total += (is_ - was) * math.log(is_ / was)
    return max(0.0, total - 2 * (len(classes) - 1) * (1 / before + 1 / after))


def _classes(ask: Ask, column: str) -> dict[str, int]:
    text = as_text(quote(column))
    rows = ask(
        f"select left(md5({text}), 1) as hash, "
        f"least(cast(floor(length({text}) / 2.0) as integer), 12) as length, count(*) from {PARTIES} group by 1, 2"
    )
    found: Counter[str] = Counter()
    for hashed, length, n in rows:
        for name in _named(hashed, length):
            found[name] += int(n)
    return dict(sorted(found.items()))


def _named(hashed: str | None, length: int | None) -> Iterable[str]:
    return [MISSING] if hashed is None else [f"hash {hashed}", f"length {length}"]
