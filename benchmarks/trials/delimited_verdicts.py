"""Hold what a reader told of a file against what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from delimited_cases import Case

RIGHT, REFUSED, HELD_BACK, CHANGED = "right", "refused", "held back", "changed"
SHOWN = 60
Verdict = dict[str, str]


def verdict(case: Case, found: Mapping[str, Any]) -> Verdict:
    """Say what a reader made of a file: right, refused, some rows held back and said so, or changed without a word.

    To refuse what is no table is right; `detail` says why, what became what, or what the last column is.
    """
    if "refused" in found:
        return {**said(REFUSED if case.rows is not None else RIGHT, found["refused"]), "refused": "yes"}
    if case.rows is None:
        return said(CHANGED, f"read as {len(found['rows'])} rows")
    detail = difference(case, found)
    if detail and found["bad"]:
        return said(HELD_BACK, found["bad"][0])
    if detail or len(found["bad"]) != case.bad:
        return said(CHANGED, detail or "a bad row dropped")
    return said(RIGHT, found["kinds"][-1])


def said(word: str, detail: str) -> Verdict:
    """Return a verdict with what was said, cut short."""
    return {"verdict": word, "detail": detail if len(detail) <= 2 * SHOWN else f"{detail[: 2 * SHOWN]}…"}


def difference(case: Case, found: Mapping[str, Any]) -> str:
    """Return what became what, where a table differs from what a person reads; empty where it does not."""
    header, rows, true = trimmed(found["header"]), list(map(trimmed, found["rows"])), case.rows or []
    if len(header) != len(case.header):
        return f"columns {len(case.header)} → {len(header)}: {shown(header[0] if header else '')}"
    names = [(wanted, name) for wanted, name in zip(case.header, header, strict=True) if wanted != name]
    if names:
        return f"column {shown(names[0][0])} → {shown(names[0][1])}"
    numbers = [at for at in case.stays_text if found["kinds"][at] != "text"]
    if numbers and true:
        return f"{shown(true[0][numbers[0]])} → {found['kinds'][numbers[0]]} {shown(rows[0][numbers[0]])}"
    for at, row in enumerate(rows):
        if at >= len(true) or not same_row(case, true[at], row):
            return changed_row(true[at] if at < len(true) else None, row, case)
    return f"{len(true)} rows → {len(rows)}" if len(rows) != len(true) else ""


def changed_row(true: list[str] | None, found: list[str], case: Case) -> str:
    """Say what of a row became what."""
    if true is None or case.bad or len(true) != len(found):
        return f"row {shown(','.join(found))}"
    value, other = next(pair for pair in zip(true, found, strict=True) if not same(case, *pair))
    return f"{shown(value)} → {shown(other)}"


def shown(value: str) -> str:
    """Return a value in code marks, on one line."""
    if not value:
        return "nothing"
    text = value.replace("\ufeff", "<mark>").replace("\r", "␍").replace("\n", "⏎").replace("`", "'").replace("|", "¦")
    return f"`{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}`"


def trimmed(row: list[Any]) -> list[str]:
    """Return a row as texts."""
    return ["" if one is None else str(one) for one in row]


def same_row(case: Case, true: list[str], found: list[str]) -> bool:
    """Tell whether a row says the same, in whatever type."""
    return len(true) == len(found) and all(same(case, *pair) for pair in zip(true, found, strict=True))


def same(case: Case, true: str, found: str) -> bool:
    """Tell whether a value says the same as its text: numbers may be written otherwise, codes and words may not."""
    wanted = (true, case.means.get(true, true))
    day = found.removesuffix(" 00:00:00")
    if day in wanted or (":" in true and day.rstrip("0") in [one.rstrip("0") for one in wanted]):
        return True
    code = (true.startswith("0") and not true.startswith("0.")) or "E" in true
    try:
        return not code and Decimal(wanted[1]) == Decimal(found)
    except InvalidOperation:
        return False
