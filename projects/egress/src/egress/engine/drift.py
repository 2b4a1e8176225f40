"""What has changed between a plan that is kept in a file and the one that is made when it is applied, row by row."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from typing_extensions import Self

from shared.utils.calculator import calculator

Marks = npt.NDArray[np.uint64]
# A mark is of a row's key in its upper bits and of what is done to it in the others, so that a row is found again.
KEY_DIGITS, OTHER_DIGITS = 10, 6
OTHER_BITS = 4 * OTHER_DIGITS
MARK = (
    f"left(md5(key), {KEY_DIGITS}) "
    f"|| left(md5(concat(action, chr(31), version, chr(31), coalesce(last, ''))), {OTHER_DIGITS})"
)


def marks_of(steps: pa.Table) -> Marks:
    """Return a mark of each step."""
    with calculator() as duck:
        digits = duck.from_arrow(steps).project(f"{MARK} as mark").fetchnumpy()["mark"].tolist()
    return np.frombuffer(bytes.fromhex("".join(digits)), ">u8").astype(np.uint64)


def as_text(marks: Marks) -> str:
    """Return marks in a form for files."""
    return base64.b64encode(marks.astype("<u8").tobytes()).decode()


@dataclass(frozen=True)
class Drift:
    """What has changed since a plan was made.

    Attributes:
        rows: How many rows are otherwise than they were, None where nobody can tell.
        said: Which these are.
    """

    rows: int | None
    said: str

    @classmethod
    def of(cls, sealed: str, steps: pa.Table, model_rows: int) -> Self:
        """Compare the marks of a sealed plan with the steps of now.

        Args:
            model_rows: How many rows the model has more than it had.
        """
        then, now = np.frombuffer(base64.b64decode(sealed), "<u8"), marks_of(steps)
        differs, known = ~np.isin(now, then), np.isin(now >> OTHER_BITS, then >> OTHER_BITS)
        more = counted(steps, differs & ~known)
        other = counted(steps, differs & known)
        # A key is in one step only.
        less = max(len(then) - len(now) + more.total(), 0)
        said = [*told(more, "more to"), *told(other, "otherwise to"), *([f"{less:,} no longer"] if less else [])]
        if model_rows:
            said.append(f"the model has {abs(model_rows):,} rows {'more' if model_rows > 0 else 'less'}")
        return cls(max(more.total() + other.total() + less, abs(model_rows)), ", ".join(said))


def counted(steps: pa.Table, which: npt.NDArray[np.bool_]) -> Counter[str]:
    """Count steps by their action."""
    return Counter(steps["action"].filter(pa.array(which)).to_pylist())


def told(counts: Counter[str], how: str) -> list[str]:
    """Return counts in words."""
    return [f"{count:,} {how} {action}" for action, count in sorted(counts.items())]
