"""Show how the platform stands: the last runs, rows, what is held back or emptied, entities, deliveries, files.

    python -m tasks.status [--json]

Everything is read from the run ledger in `ops`, so it is the same right after a run and days later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from rich.console import Console
from rich.table import Table

from shared.command_line import Parser, command
from shared.config import Settings, get_settings
from shared.dbt.emptied import Emptied
from shared.monitoring import history
from shared.utils.clock import shown
from shared.utils.console import output
from shared.warehouse import LAYERS, Warehouse, open_warehouse
from shared.warehouse.migrations import OPS, version_of

State = dict[str, Any]

STATUS_MARKS = {"succeeded": "✓", "failed": "✗", "interrupted": "✗", "running": "…"}


def main(arguments: Sequence[str]) -> None:
    """Print the state of the warehouse that WAREHOUSE_URL names, for a person or as JSON."""
    parser = Parser(prog="status", description="Show how the platform stands.")
    parser.add_argument("--json", action="store_true", help="print everything as one JSON object")
    options = parser.parse_args(arguments)
    settings = get_settings()
    with open_warehouse(settings, holder="status") as warehouse:
        state = collect(warehouse, settings)
    if options.json:
        print(json.dumps(state, default=str, indent=2))
    else:
        render(state, output())


def collect(warehouse: Warehouse, settings: Settings) -> State:
    """Read everything that the page shows, as plain values."""
    outputs = history.last_outputs(warehouse)
    for entry in outputs:
        entry["layer"] = entry["relation"].partition(".")[0]
    folders = (settings.exports_dir, settings.reports_dir)
    files = [path for folder in folders for path in sorted(folder.glob("**/*")) if path.is_file()]
    page = settings.reports_dir / "index.html"
    return {
        "warehouse": {
            "location": warehouse.location,
            "identity": warehouse.identity.id,
            "layout": version_of(warehouse, OPS),
        },
        "runs": history.last_runs(warehouse),
        "tables": [entry for entry in outputs if entry["layer"] in LAYERS],
        "deliveries": [entry for entry in outputs if entry["layer"] not in LAYERS],
        "metrics": history.last_metrics(warehouse),
        "left_out": history.left_out(warehouse),
        "quarantine": history.open_quarantine(warehouse),
        "emptied": [
            {"relation": entry["relation"], **each} for entry in outputs for each in entry["detail"].get("emptied", [])
        ],
        "files": [{"path": str(path), "bytes": path.stat().st_size} for path in files],
        "report": page.as_uri() if page in files else None,
    }


def render(state: State, console: Console) -> None:
    """Print the state as tables."""
    for section in (
        render_runs,
        render_layers,
        render_left_out,
        render_quarantine,
        render_emptied,
        render_metrics,
        render_deliveries,
        render_files,
    ):
        section(state, console)


def render_runs(state: State, console: Console) -> None:
    """Print the last run of each command and how long it took."""
    rows = [
        (
            f"{STATUS_MARKS[run['status']]} {run['step']}",
            run["command"],
            run["status"],
            shown(run["started_at"]),
            f"{run['seconds']:.1f} s" if run["seconds"] is not None else "",
        )
        for run in state["runs"]
    ]
    print_table(console, "Steps", ["step", "command", "status", "began (UTC)", "took"], rows)
    seconds = sum(run["seconds"] or 0 for run in state["runs"])
    console.print(f"  {seconds:.1f} s together")
    for run in state["runs"]:
        if run["error"]:
            console.print(f"  {run['step']}: {run['error']}", markup=False)


def render_layers(state: State, console: Console) -> None:
    """Print tables and rows for each layer, in the order of the flow, and what its largest tables are."""
    by_layer = {layer: list(tables) for layer, tables in groupby(state["tables"], key=itemgetter("layer"))}
    rows = []
    for layer in LAYERS:
        tables = sorted(by_layer.get(layer, []), key=itemgetter("row_count"), reverse=True)
        if tables:
            largest = ", ".join(f"{t['relation'].partition('.')[2]} {t['row_count']:,}" for t in tables[:3])
            rows.append((layer, len(tables), f"{sum(t['row_count'] for t in tables):,}", largest))
    print_table(console, "Rows by layer", ["layer", "tables", "rows", "largest"], rows)


def render_left_out(state: State, console: Console) -> None:
    """Print what runs did without, and why."""
    rows = [(entry["relation"], entry["step"], entry["reason"]) for entry in state["left_out"]]
    print_table(console, "Left out", ["what", "by", "why"], rows, empty="nothing")


def render_quarantine(state: State, console: Console) -> None:
    """Print how many rows are held back, and why."""
    rows = [
        (f"{row['source']}.{row['resource']}", row["row_count"], row["reason"], row["example"])
        for row in state["quarantine"]
    ]
    print_table(console, "Quarantine", ["from", "rows", "reason", "for example in"], rows, empty="nothing held back")
    if rows:
        held = sum(row["row_count"] for row in state["quarantine"])
        console.print(f"  {held:,} rows: ./pixiw run quarantine list --rows", markup=False)


def render_emptied(state: State, console: Console) -> None:
    """Print how many values the rules of the models have emptied, and which of them more than they should."""
    rows = []
    for entry in state["emptied"]:
        found = Emptied(**{name: value for name, value in entry.items() if name != "relation"})
        mark = "⚠" if found.is_too_much else " "
        counts = f"{found.emptied:,} of {found.given:,}"
        rows.append((f"{mark} {entry['relation']}.{found.column}", found.rule, counts, f"{found.share:.1%}"))
    print_table(console, "Emptied by rules", ["column", "rule", "values", "share"], rows, empty="nothing")


def render_metrics(state: State, console: Console) -> None:
    """Print what each command measured: entities and how well they were found, tests passed."""
    rows = []
    for run, metrics in groupby(state["metrics"], key=itemgetter("step", "command")):
        rows.append((*run, ", ".join(f"{m['name'].replace('_', ' ')} {number(m['value'])}" for m in metrics)))
    print_table(console, "Measured", ["step", "command", "values"], rows)


def render_deliveries(state: State, console: Console) -> None:
    """Print what the last delivery did for each target."""
    rows = [
        (output["relation"], f"{output['row_count']:,}", ", ".join(f"{k} {v}" for k, v in output["detail"].items()))
        for output in state["deliveries"]
    ]
    print_table(console, "Delivered by the last run", ["target", "rows", "detail"], rows, empty="nothing yet")


def render_files(state: State, console: Console) -> None:
    """Print where the results are."""
    place = state["warehouse"]
    rows: Iterable[tuple[object, ...]] = [(file["path"], f"{file['bytes']:,} bytes") for file in state["files"]]
    print_table(
        console, "Files", ["path", "size"], [*rows, (place["location"], f"the warehouse, layout {place['layout']}")]
    )
    if state["report"]:
        console.print(f"\nThe report, for a browser: {state['report']}", markup=False, soft_wrap=True)


def number(value: float) -> str:
    """Write a whole number without decimals and any other with four."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4f}"


def print_table(
    console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "none"
) -> None:
    """Print rows under a title, or say that there are none."""
    rows = list(rows)
    console.print(f"\n[bold]{title}[/bold]")
    if not rows:
        console.print(f"  {empty}")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for position, column in enumerate(columns):
        texts = [row[position] for row in rows]
        table.add_column(column, justify="right" if all(is_number(text) for text in texts) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table, markup=False)


def is_number(cell: object) -> bool:
    """Tell a cell that reads as a number, which belongs to the right."""
    return str(cell).replace(",", "").replace(".", "").replace(" s", "").isdigit()


if __name__ == "__main__":
    raise SystemExit(command(main))
