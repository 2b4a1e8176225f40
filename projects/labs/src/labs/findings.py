"""What was found of a file, told to whoever makes or checks a lab; and how far a long look at it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shared.tables import Column, Form, Inferred, Scratch, typed
from shared.utils.console import Counter, say
from shared.utils.excerpts import excerpt

SHOWN_COLUMNS, SHOWN_CHARACTERS = 50, 30
POLL_SECONDS, SILENT_SECONDS = 0.5, 2.0


def tell(found: Inferred) -> None:
    """Say what each column is, and how many rows there are."""
    width = max((len(one.name) for one in found.columns[:SHOWN_COLUMNS]), default=0)
    for one in found.columns[:SHOWN_COLUMNS]:
        example = f", such as `{excerpt(one.example, SHOWN_CHARACTERS)}`" if one.example else ", empty"
        say(f"  {one.name!r:<{width + 2}}  {one.column.described()}{example}{f'; {one.note}' if one.note else ''}")
    if len(found.columns) > SHOWN_COLUMNS:
        say(f"  and {len(found.columns) - SHOWN_COLUMNS:,} more columns")
    if found.headless:
        say("  the first line is taken for the header, though its names could be values: add one if it is none")
    rejected = (
        f"; {found.rejected:,} lines do not fit the header and will go to the quarantine" if found.rejected else ""
    )
    say(f"  {found.rows:,} rows{rejected}")


def count_fitting(path: Path, form: Form, origin: str, columns: Mapping[str, Column]) -> tuple[int, int]:
    """Return how many rows of a file fit these columns and how many do not."""
    with Scratch() as scratch, typed(scratch, path, form, origin, columns) as rows:
        return rows.fitting, rows.rows + rows.rejected - rows.fitting


@contextmanager
def watched(scratch: Scratch) -> Iterator[None]:
    """Show how far a query is that takes longer than a moment."""
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(scratch, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join(POLL_SECONDS)


def _watch(scratch: Scratch, ended: threading.Event) -> None:
    if ended.wait(SILENT_SECONDS):
        return
    with Counter("  looking at the rows", unit="%") as counter:
        while not ended.wait(POLL_SECONDS):
            counter.advance(max(0, round(scratch.connection.query_progress())), 100)
