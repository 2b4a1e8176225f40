"""Work that is done in turn, or several pieces at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_turn(work: Callable[[T], R], pieces: Iterable[T], at_once: int) -> Generator[R, None, None]:
    """Yield what comes of each piece, in their order.

    So many at most are under way or done and not yet taken; where it is one, the next is begun when what came of the
    last was taken.
    """
    if at_once == 1:
        yield from map(work, pieces)
        return
    waiting, under_way = iter(pieces), deque[Future[R]]()
    with ThreadPoolExecutor(at_once) as pool:
        while True:
            for piece in waiting:
                under_way.append(pool.submit(work, piece))
                if len(under_way) == at_once:
                    break
            if not under_way:
                return
            yield under_way.popleft().result()
