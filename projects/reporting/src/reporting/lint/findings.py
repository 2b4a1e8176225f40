"""What is found wrong in a file, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Finding:
    """A mistake in a file.

    Attributes:
        path: The file.
        line: The line, counted from 1.
        message: What is wrong.
        hint: What to do about it.
    """

    path: Path
    line: int
    message: str
    hint: str

    def shown(self, root: Path) -> str:
        """Return the finding as it is printed, its path relative to `root` where it lies there."""
        path = self.path.relative_to(root) if self.path.is_relative_to(root) else self.path
        return f"{path}:{self.line}: error: {self.message}\n  hint: {self.hint}"
