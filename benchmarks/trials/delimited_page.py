"""Write docs/files_compared.md from the result of the trial of readers.

./pixiw run -e labs python benchmarks/trials/delimited_page.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delimited_cases import CONTAINERS, DIALECTS, ENCODINGS, VALUES, Case
from delimited_verdicts import CHANGED, HELD_BACK, REFUSED, RIGHT

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "benchmarks" / "results" / "trial_delimited.json"
PAGE = ROOT / "docs" / "files_compared.md"
GROUPS = {
    "Encodings": ENCODINGS,
    "Delimiters, headers and rows": DIALECTS,
    "Values": VALUES,
    "Containers, and what is no table": CONTAINERS,
}
COLUMNS = {"duckdb": "DuckDB", "pandas": "pandas", "polars": "polars", "clevercsv": "clevercsv"}
# Where a message comes to the file.
REASON_ENDS = r":| in `"
TOP = """\
# How files arrive

What readers make of {files} files such as people deliver, and what the platform makes of them. Nothing was said about
a file but where it is. Written by `benchmarks/trials/delimited.py`, whose raw result is in
`benchmarks/results/trial_delimited.json`; run that again rather than change this page.

**Bold** is what no reader should do: something became something else without a word. *Refused* is an error; *held back*
means that rows were left out and the reader can say which. A library was asked twice, to read as it does by default and
to keep every value as text; the second answer is shown where it differs. What is refused here names what to declare:
the encoding, or how many lines stand above the header.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(json.loads(RESULT.read_text(encoding="utf-8"))), encoding="utf-8")
    print(f"wrote {PAGE.name}")


def page(result: Mapping[str, Any]) -> str:
    """Return the page for a result."""
    parts = [TOP.format(files=result["files"]), counts(result)]
    head = f"| | here | {' | '.join(f'{title} {version(result, name)}' for name, title in COLUMNS.items())} |\n"
    for title, cases in GROUPS.items():
        rows = [f"| {case.name} | {ours(result, case)} | {others(result, case)} |\n" for case in cases]
        parts.append(f"## {title}\n\n{head}|{'---|' * (2 + len(COLUMNS))}\n{''.join(rows)}")
    return "\n".join(parts)


def version(result: Mapping[str, Any], name: str) -> str:
    """Return the version of a library that was tried."""
    return str(result[f"{name}, default"]["versions"][name])


def counts(result: Mapping[str, Any]) -> str:
    """Return the table of how many files were read how, by each reader."""
    lines = "| | right | held back | refused, though readable | changed without a word |\n|---|---|---|---|---|\n"
    for name, told in result.items():
        if isinstance(told, dict) and "counts" in told:
            library, _, way = name.partition(", ")
            reader = COLUMNS.get(library, "here") + (", all as text" if way == "text" else "")
            numbers = [str(told["counts"].get(word, 0)) for word in (RIGHT, HELD_BACK, REFUSED, CHANGED)]
            lines += f"| {reader} | {' | '.join(numbers)} |\n"
    return lines


def ours(result: Mapping[str, Any], case: Case) -> str:
    """Return the cell of our own reader, which says why it refuses, and what becomes of a bad row."""
    verdict = result["ours"]["verdicts"][case.name]
    if "refused" in verdict:
        return f"refused: {re.split(REASON_ENDS, verdict['detail'])[0]}"
    return cell(verdict) + (
        "; the bad row is kept, with its reason" if case.bad and verdict["verdict"] == RIGHT else ""
    )


def others(result: Mapping[str, Any], case: Case) -> str:
    """Return the cells of the others."""
    cells = []
    for name in COLUMNS:
        default = cell(result[f"{name}, default"]["verdicts"][case.name])
        second = result.get(f"{name}, text")
        text = cell(second["verdicts"][case.name]) if second else default
        same = text.partition(",")[0] == default.partition(",")[0]
        cells.append(default if same else f"{default}; as text: {text}")
    return " | ".join(cells)


def cell(verdict: Mapping[str, str]) -> str:
    """Return one answer in a few words."""
    word, detail = verdict["verdict"], verdict["detail"]
    if word == CHANGED:
        return f"**{detail}**"
    if "refused" in verdict:
        return "refused"
    return f"right, as {detail}" if word == RIGHT and detail != "text" else word


if __name__ == "__main__":
    main()
