"""Show several things below one another, alike in a running notebook and on the page of a run."""

from __future__ import annotations

from typing import Any

import marimo as mo


class Shown:
    """Text, tables and charts, one below the other; what is None is left out."""

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self.parts = tuple(part for part in parts if part is not None)

    def _mime_(self) -> tuple[Any, str]:
        """Tell marimo how to show it."""
        return mo.vstack(list(self.parts))._mime_()


def show(*parts: Any) -> Shown:
    """Return what a cell shows: `mo.md` text, pandas tables, altair charts."""
    return Shown(parts)
