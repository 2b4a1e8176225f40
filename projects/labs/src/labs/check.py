"""Whether a lab can run: what its dbt project, profile and sources say, held against the registry."""

from __future__ import annotations

from collections.abc import Iterator

from labs.elsewhere import told
from labs.findings import count_fitting
from labs.load import no_file
from labs.sources import RawTable, raw_tables, tables_to_read
from shared.config.labs import Lab
from shared.errors import ConfigurationError
from shared.tables import look
from shared.utils.console import say
from shared.utils.yaml_file import read_yaml


def check(lab: Lab) -> list[RawTable]:
    """Return the lab's raw tables.

    Raises:
        ConfigurationError: The dbt project or its profile is another lab's, or its sources cannot be used.
    """
    problems = list(_mistakes(lab))
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigurationError(problems[0] + more, hint=f"correct it in `{lab.folder}`; see projects/labs/README.md")
    return raw_tables(lab)


def _mistakes(lab: Lab) -> Iterator[str]:
    for name in ("dbt_project.yml", "profiles.yml"):
        if not (lab.folder / name).is_file():
            yield f"lab `{lab.name}` has no `{name}`"
            return
    project = read_yaml(lab.folder / "dbt_project.yml")
    for key in ("name", "profile"):
        if project.get(key) != lab.name:
            yield f"`{key}` in dbt_project.yml is not the lab's: `{project.get(key)}` instead of `{lab.name}`"
    if "check_lab()" not in str(project.get("on-run-start", "")):
        yield "dbt_project.yml does not call `check_lab()` on-run-start, which refuses another lab's database"
    profile = read_yaml(lab.folder / "profiles.yml").get(lab.name)
    if not profile:
        yield f"profiles.yml has no profile `{lab.name}`"
        return
    for target, output in profile.get("outputs", {}).items():
        if output.get("path") != lab.database.name:
            yield f"`path` of target `{target}` in profiles.yml is not the lab's database: `{output.get('path')}`"
        plugins = [plugin.get("config", {}) for plugin in output.get("plugins") or []]
        if {"lab": lab.name} not in plugins:
            yield f"target `{target}` in profiles.yml lacks the plugin `labs.dbt_plugin` with `lab: {lab.name}`"


def show_raw_files(lab: Lab) -> None:
    """Tell for each raw table what files it has, and which files belong to none.

    Raises:
        InputError: A table has no file, a link to another's, or one whose header does not have its columns.
    """
    tables = tables_to_read(lab)
    for table in tables:
        if table.elsewhere:
            say(f"  {table.name}: {told(table.elsewhere)}")
        elif not table.files:
            raise no_file(lab, table)
        say(f"  ✓ {table.name}: {len(table.files)} files, {len(table.columns)} columns")
        for path in table.files:
            origin = f"{lab.name}/{path.relative_to(lab.raw_dir).as_posix()}"
            form = look(path, origin=origin, declared=table.declared)
            form.check_names(origin, list(table.columns))
            good, bad = count_fitting(path, form, origin, table.columns)
            said = f", {bad:,} do not" if bad else ""
            say(f"    {path.name}: {form.described()}; {good:,} rows fit{said}")
    known = {path for table in tables for path in table.files}
    for path in sorted(lab.raw_dir.rglob("*")):
        if path.is_file() and path not in known:
            say(f"  {path.relative_to(lab.raw_dir)}: belongs to no raw table, left alone")
