# /// script
# requires-python = "==3.11.*"
# dependencies = [
#   "clevercsv[full]==0.8.5", "pandas==3.1.1", "openpyxl==3.1.5", "polars==2.1.0", "fastexcel==0.21.0",
#   "duckdb==1.5.5", "duckdb-extension-excel==1.5.5", "duckdb-extension-encodings==1.5.5",
# ]
# ///
"""The files of the trial of readers by clevercsv, DuckDB, pandas or polars, as they are called by default or to keep
every value as text: `… NAME default|text FOLDER`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

from delimited_cases import CASES, LARGE, path_of

# Header, rows, kinds of the columns, what was said about bad rows.
Table = tuple[list[str], list[list[str]], list[str], list[str]]
Reader = Callable[[Path], Table]
KINDS = {
    "whole number": ("INT", "BIGINT", "HUGEINT"),
    "number": ("DOUBLE", "FLOAT", "DECIMAL"),
    "moment": ("TIMESTAMP", "DATETIME"),
    "date": ("DATE",),
    "time": ("TIME",),
    "truth value": ("BOOL",),
}


def kind(name: Any) -> str:
    """Return what a library's name of a type says in a few words."""
    upper = str(name).upper()
    return next((kind for kind, names in KINDS.items() if any(one in upper for one in names)), "text")


def texts(rows: Iterable[Iterable[Any]]) -> list[list[str]]:
    """Return rows as texts, nothing as the empty one."""
    return [["" if value is None or value != value else str(value) for value in row] for row in rows]


def clevercsv_reader(_way: str) -> Reader:
    """Return clevercsv's reader: dialect and encoding found, fields as they stand."""
    import clevercsv

    def read(path: Path) -> Table:
        # By its own advice a beginning is enough for a large file.
        header, *rows = clevercsv.read_table(str(path), num_chars=10_000 if path.name == LARGE else None)
        return header, rows, ["text"] * len(header), []

    return read


def duckdb_reader(way: str) -> Reader:
    """Return DuckDB's reader, which finds the dialect and, unless told otherwise, the types."""
    import duckdb

    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    for name in ("excel", "encodings"):
        files = distribution(f"duckdb-extension-{name}").files or []
        extension = next(file for file in files if file.name.endswith(".duckdb_extension"))
        connection.execute(f"load '{extension.locate()}'")

    def read(path: Path) -> Table:
        source = f"from '{path}'"
        if way == "text":
            options = "" if path.suffix == ".xlsx" else ", sample_size = -1, store_rejects = true"
            function = "read_xlsx" if path.suffix == ".xlsx" else "read_csv"
            source = f"from {function}('{path}', all_varchar = true{options})"
        rows = connection.sql(source)
        header, kinds = rows.columns, [kind(one) for one in rows.types]
        if path.name == LARGE:
            return header, rows.fetchall(), kinds, []
        names = ", ".join(f"cast(#{place} as varchar)" for place in range(1, len(header) + 1))
        found = texts(connection.execute(f"select {names} {source}").fetchall())
        bad = connection.execute("select distinct line from reject_errors").fetchall() if "rejects" in source else []
        if "rejects" in source:
            connection.execute("drop table reject_errors; drop table reject_scans")
        return header, found, kinds, [f"line {line}" for (line,) in bad]

    return read


def pandas_reader(way: str) -> Reader:
    """Return pandas' reader; to keep texts it is told to find the delimiter, too."""
    import pandas as pd

    def read(path: Path) -> Table:
        bad: list[str] = []

        def keep(line: list[str]) -> None:
            bad.append(str(line))

        options: dict[str, Any] = {"dtype": str, "keep_default_na": False} if way == "text" else {}
        if path.suffix == ".xlsx":
            frame = pd.read_excel(path, **options)
        elif way == "text":
            frame = pd.read_csv(path, sep=None, engine="python", on_bad_lines=keep, **options)
        else:
            frame = pd.read_csv(path)
        rows = frame.itertuples(index=False, name=None)
        found = (
            list(rows) if path.name == LARGE else [["" if pd.isna(one) else str(one) for one in row] for row in rows]
        )
        return list(frame.columns), found, [kind(one) for one in frame.dtypes], bad

    return read


def polars_reader(way: str) -> Reader:
    """Return polars' reader, which takes the comma for the delimiter."""
    import polars as pl

    def read(path: Path) -> Table:
        if path.suffix == ".xlsx":
            frame = pl.read_excel(path, infer_schema_length=0) if way == "text" else pl.read_excel(path)
        else:
            frame = pl.read_csv(path, infer_schema=way != "text")
        found = frame.rows() if path.name == LARGE else texts(frame.rows())
        return frame.columns, found, [kind(one) for one in frame.dtypes], []

    return read


READERS = {
    "clevercsv": clevercsv_reader,
    "duckdb": duckdb_reader,
    "pandas": pandas_reader,
    "polars": polars_reader,
}


def main(name: str, way: str, folder: Path) -> None:
    """Read all, and tell what was read."""
    read = READERS[name](way)
    imported = since_begun()
    found: dict[str, Any] = {}
    for case in CASES:
        try:
            header, rows, kinds, bad = read(path_of(folder, case))
            found[case.name] = {"header": header, "rows": rows, "kinds": kinds, "bad": bad}
        # A panic of Rust's is no Exception.
        except BaseException as error:
            said = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            found[case.name] = {"refused": said.replace(str(folder), "…")}
    seconds = round(since_begun() - imported, 3)
    begun = time.perf_counter()
    rows = len(read(folder / LARGE)[1])
    large = round(time.perf_counter() - begun, 3)
    tell([name], import_seconds=imported, seconds=seconds, large_seconds=large, large_rows=rows, found=found)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
