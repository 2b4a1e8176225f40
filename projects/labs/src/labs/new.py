"""Make a lab from the template: its folder, its raw files and its entry in the registry, or nothing at all."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from labs.elsewhere import Elsewhere, fetched
from labs.findings import tell, watched
from labs.names import reserved_words, snake, sql_names
from labs.template import TEMPLATE, render, version_of
from shared.config import Settings
from shared.config.labs import NAME_PATTERN, REGISTRY, RESERVED, read_registry
from shared.csv_monitor import ending_of
from shared.errors import InputError, UserError
from shared.tables import Declared, InferredColumn, infer, look
from shared.tables.declared import NOTHING
from shared.utils.console import say
from shared.utils.files import write_whole
from shared.utils.names import suggestion
from shared.utils.private import as_caller_has_it
from shared.warehouse.lock import FileLock
from shared.workspace.manifest import read_manifest

PROJECT = "projects/labs"
# What a lab without files starts from: something to see, replace and delete.
EXAMPLE = "id,label,amount\n1,first,10.50\n2,second,20.00\n"
TEMPLATE_MARKS = ("{{", "{%", "{#")


def new_lab(
    settings: Settings,
    name: str,
    *,
    environment: str,
    files: Sequence[Path | Elsewhere],
    description: str,
    declared: Declared = NOTHING,
) -> Path:
    """Make a lab and return its folder; on failure nothing of it is left.

    Args:
        settings: Names the labs' folder.
        name: The lab's name.
        environment: The environment of pixi.toml that it runs in.
        files: Files that are copied into it, and what is fetched from elsewhere, a raw table each; an example where
            there are none.
        description: What it is for, in a sentence.
        declared: How all of the files are written, as far as that is known.

    Raises:
        UserError: The name or the environment cannot be.
        InputError: A file is no table, or not with certainty, or is not there.
        ConfigurationError, SourceUnavailable: What is elsewhere cannot be read.
    """
    check_name(settings, name)
    check_environment(settings, environment)
    with locked(settings), tempfile.TemporaryDirectory(dir=settings.labs_dir, prefix=".new-lab-") as folder:
        draft = Path(folder) / name
        with as_caller_has_it():
            draft.mkdir()
        tables = list(take_tables(files, draft / "data" / "raw", declared))
        template = settings.labs_dir / TEMPLATE
        answers = {
            "template_version": version_of(template),
            "lab_name": name,
            "description": description,
            "environment": environment,
            "tables": tables,
        }
        registry = settings.labs_dir / REGISTRY
        before = registry.read_text(encoding="utf-8")
        target = settings.labs_dir / name
        with as_caller_has_it():
            render(template, draft, answers)
            draft.rename(target)
            try:
                write_whole(registry, before.rstrip("\n") + "\n" + entry(name, environment, description))
                read_registry(settings)
            except BaseException:
                write_whole(registry, before)
                shutil.rmtree(target)
                raise
    say(f"lab `{name}` is in `{target}` with {len(tables)} raw tables; `./pixiw run lab {name}` runs it")
    return target


def check_name(settings: Settings, name: str) -> None:
    """Raise UserError where a lab cannot have this name."""
    if not re.fullmatch(NAME_PATTERN, name) or name in RESERVED:
        raise UserError(
            f"no lab can be called so: `{name}`",
            hint="lower case letters, digits and `_`, a letter first, 2 to 50 of them, and no command or layer: "
            "`lab4_store_visits`",
        )
    if name in read_registry(settings):
        raise UserError(f"there is a lab of this name: `{name}`", hint="choose another name")
    if (settings.labs_dir / name).exists():
        raise UserError(
            f"there is a folder of this name that is no lab: `{settings.labs_dir / name}`",
            hint="choose another name, or move the folder away",
        )


def check_environment(settings: Settings, environment: str) -> None:
    """Raise UserError where no lab can run in this environment."""
    sources = read_manifest(settings.root).lock_sources
    fitting = [name for name, source in sources.items() if source["project"] == PROJECT]
    if environment not in fitting:
        raise UserError(
            f"no lab runs in this environment: `{environment}`",
            hint=f"{suggestion(environment, fitting)}; docs/guide.md says how to add one",
        )


def locked(settings: Settings) -> AbstractContextManager[None]:
    """Keep another `new-lab` out of the registry."""
    return FileLock(
        settings.labs_dir / REGISTRY, "new-lab", timeout=settings.warehouse_lock_timeout, on_wait=say
    ).held()


def take_tables(files: Sequence[Path | Elsewhere], raw_dir: Path, declared: Declared) -> Iterator[dict[str, Any]]:
    """Copy or fetch files into the lab's raw folder, and return for each the table that it becomes."""
    raw_dir.mkdir(parents=True)
    if not files:
        example = raw_dir / "example.csv"
        example.write_text(EXAMPLE, encoding="utf-8")
        yield {**table_of(example, example.name, "example", NOTHING), "file": example.name}
    names: set[str] = set()
    for path in files:
        called = path.name if isinstance(path, Path) else path.called
        ending = ending_of(called)
        name = snake(called[: -len(ending) - 1] if ending else Path(called).stem)
        if not name or name in names:
            shown = path if isinstance(path, Path) else path.described
            raise InputError(f"no table can be called after the file: `{shown}`", hint="rename the file")
        names.add(name)
        if not isinstance(path, Path):
            yield table_from(path, raw_dir / name, declared)
            continue
        if not path.is_file():
            raise InputError(f"no such file: `{path}`", hint="correct the path after --from")
        copy = raw_dir / f"{name}.{ending or 'csv'}"
        shutil.copyfile(path, copy)
        yield {**table_of(copy, path.name, name, declared), "file": copy.name}


def table_from(elsewhere: Elsewhere, folder: Path, declared: Declared) -> dict[str, Any]:
    """Fetch files from elsewhere, and return the table that they become, going by the first of them."""
    elsewhere.fetch(folder)
    path = fetched(folder)[0]
    table = table_of(path, path.name, folder.name, elsewhere.form or declared)
    said = {} if elsewhere.form else table["declared"]
    return {**table, "declared": {**said, **elsewhere.as_declared()}, "file": f"{folder.name}/"}


def table_of(path: Path, origin: str, name: str, declared: Declared) -> dict[str, Any]:
    """Return a file's table as the template takes it, and say what was found."""
    form = look(path, origin=origin, declared=declared)
    form.check_names(origin)
    for column in form.header:
        if any(mark in column for mark in TEMPLATE_MARKS):
            raise InputError(f"column that dbt would read as a template: `{column}`", hint="rename it in the file")
    say(f"{origin}: {form.described()}")
    found = infer(path, form, origin, watched=watched)
    tell(found)
    names = sql_names(form.header, reserved_words())
    columns = [as_answer(column, sql) for column, sql in zip(found.columns, names, strict=True)]
    said = replace(declared, sheet=form.part) if form.container == "xlsx" and declared.sheet is None else declared
    return {"name": name, "columns": columns, "rows": found.rows, "declared": said.as_declared()}


def as_answer(column: InferredColumn, name: str) -> dict[str, Any]:
    """Return a column as the template takes it."""
    tests = ["unique"] if column.unique else []
    convention = column.column.convention.as_declared()
    return {
        "raw": column.name,
        "name": name,
        "type": column.column.type,
        "convention": convention,
        "tests": ["not_null", *tests] if column.complete else [],
    }


def entry(name: str, environment: str, description: str) -> str:
    """Return a lab's entry in the registry; JSON's texts are YAML's too."""
    return (
        f"  {name}:\n    description: {json.dumps(description, ensure_ascii=False)}\n    environment: {environment}\n"
    )
