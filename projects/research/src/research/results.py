"""Show what the recorded runs found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from research.record import Record, read_records
from research.settings import Places
from shared.utils.console import output


def show_results(places: Places, names: Sequence[str]) -> None:
    """Print the runs of one study, or of several the last run each."""
    one = len(names) == 1
    for name in names:
        records = read_records(places.outputs, name)
        if not records:
            output().print(f"{name}: not run yet", markup=False)
            continue
        output().print(table(name, records if one else records[-1:]))


def table(name: str, records: Sequence[Record]) -> Table:
    """Return runs as columns: how they differ, then their figures."""
    shown = Table(title=name, title_justify="left")
    shown.add_column("")
    for record in records:
        shown.add_column(record.run, justify="right")
    for label, values in rows(records):
        shown.add_row(label, *values)
    return shown


def rows(records: Sequence[Record]) -> list[tuple[str, list[str]]]:
    """Return the rows of the table: parameters only where runs differ in them."""
    lines: list[tuple[str, list[str]]] = [
        ("status", [record.status for record in records]),
        ("sample", [f"{record.sample:g}" for record in records]),
        ("data", [fingerprint(record) for record in records]),
    ]
    for name in sorted({name for record in records for name in record.parameters}):
        values = [str(record.parameters.get(name, "")) for record in records]
        if len(set(values)) > 1:
            lines.append((name, values))
    metrics = dict.fromkeys(name for record in records for name in record.metrics)
    for name in metrics:
        found = [record.metrics.get(name) for record in records]
        lines.append((name, ["" if value is None else f"{value:.6g}" for value in found]))
    return lines


def fingerprint(record: Record) -> str:
    """Return one short word for all data of a run; equal words are equal data."""
    return "".join(source["fingerprint"][-4:] for source in record.data.values())
