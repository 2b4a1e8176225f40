"""Take the labs' raw files from the demo data: each query of a lab's `extract` folder becomes a CSV file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

from shared.config import Settings
from shared.config.labs import Lab
from shared.errors import InputError
from shared.utils.console import say, step
from shared.warehouse import literal


def extract(labs: Sequence[Lab], settings: Settings) -> None:
    """Write the raw files of these labs that are not there yet or older than their query; others stay as they are.

    Raises:
        InputError: The demo data is not there.
    """
    demo = settings.landing_dir / "pos"
    if not demo.is_dir():
        raise InputError(f"no demo data: `{demo}`", hint="`./pixiw run demo-data` fetches it")
    for lab in labs:
        for query in sorted((lab.folder / "extract").glob("*.sql")):
            target = lab.raw_dir / f"{query.stem}.csv"
            if target.is_file() and target.stat().st_mtime >= query.stat().st_mtime:
                say(f"  {lab.name}/{target.name}: there already")
                continue
            with step(f"{lab.name}/{target.name}"):
                write_csv(query.read_text(encoding="utf-8"), demo, target)


def write_csv(query: str, demo: Path, target: Path) -> None:
    """Write a query's rows, with a header; a file that is there is whole, or nobody sees it under its name.

    Args:
        query: Reads the parquet files of the folder in the variable `demo`.
        demo: That folder.
        target: The file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with duckdb.connect() as connection:
            connection.execute("set autoinstall_known_extensions = false")
            connection.execute(f"set variable demo = {literal(str(demo))}")
            connection.execute(f"copy ({query.strip().rstrip(';')}) to {literal(str(draft))} (format csv, header)")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
