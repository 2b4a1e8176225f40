"""One thing that a server does to its clients, and what is to come of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.testing.hostile_server import Behaviour

GOOD = "2"
SLOW_SECONDS = 0.6


@dataclass(frozen=True)
class Mode:
    """One thing that a server does.

    Attributes:
        source: What a list that is read from it comes to; None where it is no answer to a GET.
        target: What rows that are sent to it come to; None where it is no answer to a POST.
        seconds: How long a client is to wait for it: where it is the time that runs out, not long.
    """

    name: str
    does: str
    behaviour: Behaviour
    source: str | None
    target: str | None
    seconds: float = 10.0


def both(name: str, does: str, behaviour: Behaviour, wanted: str, target: str | None = None) -> Mode:
    """Return a mode that is tried on a source and on a target."""
    return Mode(name, does, behaviour, wanted, wanted if target is None else target)


def slow(name: str, does: str, behaviour: Behaviour, wanted: str, target: str | None = None) -> Mode:
    """Return a mode of a server that takes its time."""
    return replace(both(name, does, behaviour, wanted, target), seconds=SLOW_SECONDS)


def source(name: str, does: str, behaviour: Behaviour, wanted: str) -> Mode:
    """Return a mode of a list."""
    return Mode(name, does, behaviour, wanted, None)


def target(name: str, does: str, behaviour: Behaviour, wanted: str) -> Mode:
    """Return a mode of an API that takes rows."""
    return Mode(name, does, behaviour, None, wanted)
