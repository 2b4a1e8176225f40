"""CSVMonitor: what is new, changed or gone in a folder of CSV files since they were last loaded.

A file is known by its content's hash: one that was only touched has not changed. Size and time of a file that was seen
before are enough not to read it again, so a folder of thousands of files is looked through quickly. What counts as
loaded is what `mark_loaded` was told, written down in one step: killed between loading and marking, one loads again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from shared.errors import ConfigurationError, InputError
from shared.tables import Declared, Form, look_and_hash
from shared.tables.declared import NOTHING
from shared.utils.delivered import hold_within
from shared.utils.files import sha256_of, write_whole

State = Literal["new", "changed", "unchanged", "gone", "partial"]
# Names under which programs write a file that is not whole yet.
PARTIAL_ENDINGS = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".swp")
RECORD_ENDINGS = ("parquet", "jsonl", "ndjson", "jsonl.gz", "ndjson.gz")
# As files of tables are named; what one is, its bytes say.
ENDINGS = ("csv", "tsv", "txt", "csv.gz", "tsv.gz", "txt.gz", "csv.zip", "zip", "xlsx", *RECORD_ENDINGS)
TABLES = tuple(f"*.{ending}" for ending in ENDINGS)


def ending_of(name: str) -> str:
    """Return the ending of a file's name that says it is a table, the longest of several; empty where none does."""
    fitting = [ending for ending in ENDINGS if name.lower().endswith(f".{ending}")]
    return max(fitting, key=len, default="")


@dataclass(frozen=True)
class Seen:
    """A file as it is.

    Attributes:
        name: Its path below the folder.
        state: What it is in comparison with the last load; `partial` is left alone until it has come to rest.
        form: How it is written; None where that is not certain, or it is no table.
        declared: What was said of that when it was looked at.
        drift: What has changed in its form since the last load.
    """

    name: str
    state: State
    sha256: str = ""
    size: int = 0
    modified_ns: int = 0
    form: Form | None = None
    declared: Declared = NOTHING
    drift: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scan:
    """What a look at the folder has found, in the order of names."""

    files: tuple[Seen, ...] = field(default_factory=tuple)

    def of(self, *states: State) -> list[Seen]:
        """Return the files in these states."""
        return [file for file in self.files if file.state in states]

    @property
    def to_load(self) -> list[Seen]:
        """The files that are new or changed."""
        return self.of("new", "changed")


class CSVMonitor:
    """Watches one folder.

    Args:
        folder: The folder; files in folders below it count too, and no link in it may lead out.
        state_file: Where it is kept what was loaded. It belongs to this folder alone.
        pattern: Which files count: those that it fits, or one of several fits.
        settle_seconds: How long a file must not have been written to before it counts as whole.
        declared: Tells of a file's name below the folder what is known of how it is written.
        within: The folder that links may lead to; the watched one where it is None.
    """

    def __init__(
        self,
        folder: Path,
        state_file: Path,
        *,
        pattern: str | Sequence[str] = "*.csv",
        settle_seconds: float = 1.0,
        declared: Callable[[str], Declared] = lambda _: NOTHING,
        within: Path | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.state_file = state_file
        self.patterns = (pattern,) if isinstance(pattern, str) else tuple(pattern)
        self.settle_seconds = settle_seconds
        self.declared = declared
        self.within = within.absolute() if within else self.folder

    def scan(self) -> Scan:
        """Look at the folder; nothing is written.

        Raises:
            InputError: There is no such folder, or a link in it leads out.
            ConfigurationError: The state is another folder's, or cannot be read.
        """
        if not self.folder.is_dir():
            raise InputError(f"no such folder: `{self.folder}`", hint="correct the path, or make the folder")
        loaded = self._loaded()
        paths = {path.relative_to(self.folder).as_posix(): path for path in self._paths()}
        files = [self._look(name, path, loaded.get(name)) for name, path in paths.items()]
        gone = [Seen(name, "gone", file.sha256, file.size) for name, file in loaded.items() if name not in paths]
        return Scan(tuple(sorted([*files, *gone], key=lambda file: file.name)))

    def mark_loaded(self, files: Iterable[Seen]) -> None:
        """Write down that these files, as they were when they were seen, are loaded; one that is gone is forgotten.

        Raises:
            ConfigurationError: The state is another folder's, or cannot be read.
        """
        loaded = self._loaded()
        for file in files:
            if file.state == "gone":
                loaded.pop(file.name, None)
            elif file.state != "partial":
                loaded[file.name] = file
        content = {
            "folder": str(self.folder),
            "files": {name: _as_record(loaded[name]) for name in sorted(loaded)},
        }
        write_whole(self.state_file, json.dumps(content, indent=1))

    def _paths(self) -> Iterable[Path]:
        for path in self.folder.rglob("*"):
            hidden = any(part.startswith(".") for part in path.relative_to(self.folder).parts)
            if hidden:
                continue
            if path.is_symlink():
                hold_within(self.within, [path])
            if path.is_file() and (self._is_one(path) or self._becomes_one(path)):
                yield path

    def _is_one(self, path: Path) -> bool:
        return any(path.match(pattern) for pattern in self.patterns)

    def _becomes_one(self, path: Path) -> bool:
        """Tell whether a file is one of ours under the name that it has while it is written."""
        return path.suffix.lower() in PARTIAL_ENDINGS and self._is_one(path.with_suffix(""))

    def _look(self, name: str, path: Path, before: Seen | None) -> Seen:
        try:
            status = path.stat()
        except FileNotFoundError:
            return Seen(name, "partial")
        at_rest = abs(time.time() - status.st_mtime) >= self.settle_seconds
        if path.suffix.lower() in PARTIAL_ENDINGS or not at_rest:
            return Seen(name, "partial", size=status.st_size, modified_ns=status.st_mtime_ns)
        declared = self.declared(name)
        same = before and (before.size, before.modified_ns) == (status.st_size, status.st_mtime_ns)
        if before and same and before.declared == declared:
            return replace(before, state="unchanged")
        sha256, form = read(path, declared)
        after = path.stat()
        if (after.st_size, after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
            return Seen(name, "partial", size=after.st_size, modified_ns=after.st_mtime_ns)
        state: State = "new" if before is None else "unchanged" if before.sha256 == sha256 else "changed"
        drift = tuple(form.differences(before.form)) if before and before.form and form else ()
        return Seen(name, state, sha256, status.st_size, status.st_mtime_ns, form, declared, drift)

    def _loaded(self) -> dict[str, Seen]:
        if not self.state_file.is_file():
            return {}
        try:
            content = json.loads(self.state_file.read_text(encoding="utf-8"))
            folder, files = content["folder"], content["files"]
            loaded = {name: _from_record(name, record) for name, record in files.items()}
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"cannot read what was loaded: `{self.state_file}`", hint="remove the file: every file is new then"
            ) from error
        if folder != str(self.folder):
            raise ConfigurationError(
                f"the state is that of another folder: `{self.state_file}` is about `{folder}`",
                hint="give each folder a state file of its own, or remove it if the folder has moved",
            )
        return loaded


def _as_record(file: Seen) -> dict[str, object]:
    return {
        "sha256": file.sha256,
        "size": file.size,
        "modified_ns": file.modified_ns,
        "form": file.form.as_record() if file.form else None,
        "declared": file.declared.as_declared(),
    }


def _from_record(name: str, record: dict[str, Any]) -> Seen:
    values = dict(record)
    form = values.pop("form")
    # What an earlier version has written down says too little to read the file by.
    if isinstance(form, dict) and "regular" in form:
        values["form"] = Form.from_record(form)
    values["declared"] = Declared.of(values.get("declared", {}), name)
    return Seen(name, "unchanged", **values)


def read(path: Path, declared: Declared = NOTHING) -> tuple[str, Form | None]:
    """Return a file's hash and how it is written; no form where it is no table, or more than one fits."""
    try:
        return look_and_hash(path, declared=declared)
    except InputError:
        return sha256_of(path), None


def main(arguments: Sequence[str]) -> int:
    """Print what is new, changed or gone; 1 where there is something to load."""
    # Here and not above: whoever uses the class needs neither.
    from shared.command_line import Parser
    from shared.config import get_settings

    parser = Parser(prog="python -m shared.csv_monitor", description="What has changed in a folder of CSV files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--state", type=Path, metavar="FILE", help="default: a file of the folder's under data/state")
    parser.add_argument("--mark", action="store_true", help="count what is there as loaded from now on")
    parser.add_argument("--json", action="store_true", help="print one JSON object a file")
    options = parser.parse_args(arguments)
    folder = options.folder.absolute()
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    monitor = CSVMonitor(folder, options.state or get_settings().state_dir / "csv_monitor" / f"{name}.json")
    scan = monitor.scan()
    for file in scan.files:
        if options.json:
            print(json.dumps({"name": file.name, "state": file.state, **_as_record(file), "drift": file.drift}))
        else:
            print(f"{file.state:<9} {file.name}" + "".join(f"; {change}" for change in file.drift))
    if options.mark:
        monitor.mark_loaded(scan.files)
    return 1 if scan.to_load else 0


if __name__ == "__main__":
    import sys

    from shared.command_line import command

    sys.exit(command(main))
