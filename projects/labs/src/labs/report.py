"""How a run of a lab went, as one process tells it to another."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from shared.utils.files import write_whole


@dataclass
class Report:
    """How a run of a lab went.

    Attributes:
        lab: Its name.
        steps: Seconds by step that ended well.
        rows: Rows of what was loaded and built.
        quarantined: How many rows were refused.
        score: The quality score, 0 to 100, where it was measured.
        error: What went wrong; None where nothing did.
        hint: What to do about it.
    """

    lab: str
    steps: dict[str, float] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    score: float | None = None
    error: str | None = None
    hint: str | None = None

    def rows_of(self, layer: str) -> int:
        """Return the rows of all relations of a layer that were loaded or built."""
        return sum(rows for relation, rows in self.rows.items() if relation.startswith(f"{layer}."))

    def write(self, path: Path) -> None:
        """Write it as JSON, in one step."""
        write_whole(path, json.dumps(asdict(self)))


def read_report(path: Path) -> Report:
    """Read what `Report.write` has written."""
    return Report(**json.loads(path.read_text(encoding="utf-8")))
