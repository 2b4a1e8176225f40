"""Load a lab's CSV files into its raw tables: what is new or changed, with bad rows kept in the quarantine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from pydantic import ByteSize, TypeAdapter

from labs.sources import SCHEMA, RawTable, table_of, tables_to_read
from shared.config.labs import Lab
from shared.csv_monitor import TABLES, CSVMonitor, Scan, Seen
from shared.data_quality import Quarantine
from shared.errors import InputError, PlatformError
from shared.monitoring import Run
from shared.monitoring.lineage import Dataset, Origin
from shared.tables import Form, Typed, look, typed
from shared.tables.declared import NOTHING
from shared.tables.reading import WIDE
from shared.utils.console import say
from shared.utils.excerpts import listed
from shared.warehouse import Warehouse, literal, quote, quote_name

# A file that was written to a moment ago may not be whole yet.
SETTLE_SECONDS = 1.0
# Where most rows are bad, the file is another one than declared, and its table stays as it is.
MOST = 0.5
QUARANTINED_AT_ONCE = 50_000
# With what else is in the process, a load stays below 1 GB.
MEMORY = "500MB"


@dataclass(frozen=True)
class Loaded:
    """What was loaded: tables by name with their rows, and how many rows were refused in all."""

    rows: dict[str, int]
    quarantined: int


def monitor(lab: Lab, warehouse: Warehouse, tables: Sequence[RawTable]) -> CSVMonitor:
    """Return the monitor of a lab's raw folder; what it remembers belongs to this very database."""
    state = warehouse.state_dir / "raw_files.json"
    said = {table.name: table.declared for table in tables}
    return CSVMonitor(
        lab.raw_dir,
        state,
        pattern=TABLES,
        settle_seconds=SETTLE_SECONDS,
        declared=lambda name: said.get(table_of(name), NOTHING),
    )


def load(lab: Lab, warehouse: Warehouse, run: Run) -> Loaded:
    """Bring the raw tables in line with the CSV files; each table in one transaction, so that a kill leaves it whole.

    Raises:
        InputError: There are no files, or some that cannot be loaded: the tables of the others are.
        ConfigurationError: The lab's sources cannot be used.
    """
    lab.raw_dir.mkdir(parents=True, exist_ok=True)
    failed = fetch_elsewhere(lab)
    tables = [table for table in tables_to_read(lab) if table.name not in failed]
    watch = monitor(lab, warehouse, tables)
    scan = at_rest(watch)
    files = {file.name: file for file in scan.files}
    loaded, refused, quarantined = dict[str, int](), [*failed.values()], 0
    for table in tables:
        parts = [files[path.relative_to(lab.raw_dir).as_posix()] for path in table.files]
        gone = [file for file in scan.of("gone") if table_of(file.name) == table.name]
        if any(file.state == "partial" for file in parts):
            say(f"  {table.name}: a file is still being written, left alone")
        elif is_current(warehouse, table, parts) and not gone:
            say(f"  {table.name}: unchanged")
        else:
            try:
                rows, bad = load_table(lab, warehouse, run, table, parts)
            except InputError as error:
                refused.append(error)
                say(f"  ✗ {table.name}: {error.message}")
                continue
            watch.mark_loaded([*parts, *gone])
            loaded[table.name] = rows
            quarantined += bad
            say(f"  {table.name}: {rows:,} rows" + (f", {bad:,} bad ones in the quarantine" if bad else ""))
    if refused:
        others = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        raise type(refused[0])(refused[0].message + others, hint=refused[0].hint)
    return Loaded(loaded, quarantined)


def fetch_elsewhere(lab: Lab) -> dict[str, PlatformError]:
    """Fetch what tables that do not come from this disk have now; return why it failed, by table."""
    failed: dict[str, PlatformError] = {}
    for table in tables_to_read(lab):
        if table.elsewhere is None:
            continue
        try:
            table.elsewhere.fetch(lab.raw_dir / table.name)
        except PlatformError as error:
            failed[table.name] = error
            say(f"  ✗ {table.name}: {error.message}")
    return failed


def at_rest(watch: CSVMonitor) -> Scan:
    """Look at the folder; where a file was written to a moment ago, look again once it may have come to rest."""
    scan = watch.scan()
    if scan.of("partial"):
        time.sleep(SETTLE_SECONDS)
        scan = watch.scan()
    return scan


def is_current(warehouse: Warehouse, table: RawTable, files: list[Seen]) -> bool:
    """Tell whether the table holds what its files hold, in the types that are declared now."""
    if any(file.state != "unchanged" for file in files) or not warehouse.table_exists(f"{SCHEMA}.{table.name}"):
        return False
    found = [row[:2] for row in warehouse.fetch(f"describe {quote(f'{SCHEMA}.{table.name}')}")]
    (kinds,) = warehouse.fetch(
        f"select {', '.join(f'typeof(cast(null as {column.type}))' for column in table.columns.values())}"
    )
    ((written,),) = warehouse.fetch(
        "select comment from duckdb_tables() where schema_name = $1 and table_name = $2 and not temporary",
        [SCHEMA, table.name],
    )
    return found[: len(kinds)] == list(zip(table.columns, kinds, strict=True)) and (written or "") == ways_of(table)


def ways_of(table: RawTable) -> str:
    """Return how a table's files and values are declared to be written, where it is not the plain way."""
    columns = {name: said for name, column in table.columns.items() if (said := column.convention.as_declared())}
    files = table.declared.as_declared()
    return json.dumps({"files": files, "columns": columns}, sort_keys=True) if files or columns else ""


def load_table(lab: Lab, warehouse: Warehouse, run: Run, table: RawTable, files: list[Seen]) -> tuple[int, int]:
    """Make a raw table hold what its files hold, and return how many rows are in it and how many were refused."""
    if not files:
        raise no_file(lab, table)
    target = f"{SCHEMA}.{table.name}"
    quarantine = Quarantine(warehouse, run.id, "raw files", table.name)
    bad_count = 0
    with warehouse.transaction():
        for number, (path, seen) in enumerate(zip(table.files, files, strict=True)):
            name = f"{lab.name}/{seen.name}"
            form = seen.form or look(path, origin=name, declared=table.declared)
            form.check_names(name, list(table.columns))
            tell(name, form, seen, table)
            with little_memory(warehouse, form), typed(warehouse, path, form, name, table.columns) as found:
                if take_in(warehouse, found, target, first=number == 0):
                    bad = found.bad_rows()
                    while chunk := list(islice(bad, QUARANTINED_AT_ONCE)):
                        bad_count += quarantine.add(name, chunk)
        # What the table was read by stands with it: another way to read the same file is a reason to load it again.
        warehouse.execute(f"comment on table {quote(target)} is {literal(ways_of(table))}")
        quarantine.resolve()
        rows = warehouse.row_count(target)
        origin = Origin(datasets_of(table), {name: name for name in table.columns})
        detail = {"quarantined": bad_count, "files": [file.name for file in files]}
        run.output(target, rows=rows, detail=detail, origin=origin)
    return rows, bad_count


def datasets_of(table: RawTable) -> tuple[Dataset, ...]:
    """Return what a table comes from, as collectors of lineage know it."""
    if table.elsewhere:
        return (table.elsewhere.dataset,)
    return tuple(Dataset.of_file(path) for path in table.files)


def no_file(lab: Lab, table: RawTable) -> InputError:
    """Return the error for a raw table without files."""
    return InputError(
        f"no file for the raw table `{table.name}`: `{lab.raw_dir / table.name}.csv`",
        hint="drop it there, or run `./pixiw run labs-data`, which takes it from the demo data",
    )


def tell(origin: str, form: Form, seen: Seen, table: RawTable) -> None:
    """Say what is unusual about a file."""
    for change in seen.drift:
        say(f"  {origin}: {change}")
    if not form.is_utf8 or form.container != "text" or form.skip:
        say(f"  {origin}: read as {form.described()}")
    extras = [name for name in form.header if name not in table.columns]
    if extras:
        say(f"  {origin}: not declared, kept as text: {listed(extras)}")


def take_in(warehouse: Warehouse, rows: Typed, target: str, *, first: bool) -> int:
    """Put a file's good rows in the table's place, or add them if it is not the first; return how many are bad.

    Raises:
        InputError: Most rows do not fit.
    """
    in_all = rows.rows + rows.rejected
    bad = in_all - rows.fitting
    if bad > MOST * in_all:
        first_bad = next(rows.bad_rows())
        raise InputError(
            f"most rows of `{rows.origin}` do not fit: line {first_bad.position}: {first_bad.reason}",
            hint="correct the file, or the types in models/bronze/_sources.yml; the table stays as it was",
        )
    if first:
        warehouse.execute(f"create or replace table {quote(target)} as {rows.good_rows()}")
        return bad
    there = {name for name, *_ in warehouse.fetch(f"describe {quote(target)}")}
    for name in sorted(set(rows.header) - there):
        warehouse.execute(f"alter table {quote(target)} add column {quote_name(name)} varchar")
    warehouse.execute(f"insert into {quote(target)} by name {rows.good_rows()}")
    return bad


@contextmanager
def little_memory(warehouse: Warehouse, form: Form) -> Iterator[None]:
    """Let the database have no more memory than the load of a file shall take: what is more waits on the disk."""
    usual, size = warehouse.settings.warehouse_memory_limit, TypeAdapter(ByteSize)
    # Of thousands of columns a few rows take more.
    limit = min(usual, MEMORY, key=size.validate_python) if len(form.header) <= WIDE else usual
    warehouse.execute(f"set memory_limit = '{limit}'")
    try:
        yield
    finally:
        warehouse.execute(f"set memory_limit = '{usual}'")
