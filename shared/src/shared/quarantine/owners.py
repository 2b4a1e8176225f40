"""What is done to rows by whoever has put them there: replayed by its project's command, discarded by its role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.config import Settings
from shared.config.roles import keeper_of
from shared.data_quality.held_rows import HeldRow, discard
from shared.errors import UserError
from shared.monitoring import history, record_run
from shared.utils.console import say
from shared.utils.processes import call
from shared.warehouse import Warehouse, open_warehouse
from shared.workspace.environments import nested_run
from shared.workspace.projects import WORKSPACE, Project, read_projects

Owned = Mapping[str, Sequence[HeldRow]]


def by_role(warehouse: Warehouse, rows: Sequence[HeldRow]) -> Owned:
    """Return rows by the role that has put them there; on PostgreSQL nobody else may change them."""
    found: dict[str, list[HeldRow]] = {}
    runs = history.runs_by_id(warehouse, (row.run_id for row in rows))
    for row in rows:
        # Runs of old do not say it.
        role = runs.get(row.run_id, {}).get("role") or keeper_of("quarantine")
        found.setdefault(role, []).append(row)
    return found


def discard_as(settings: Settings, owned: Owned, because: str) -> int:
    """Mark rows as discarded, and return the exit code."""
    if not because.strip():
        raise UserError("no reason is given", hint="say in `--because` why these rows are not needed")
    for role, rows in owned.items():
        with (
            open_warehouse(settings, holder="quarantine discard", role=role, mode="write") as warehouse,
            record_run(warehouse, step="quarantine", command="discard") as run,
        ):
            done = discard(warehouse, [row.quarantine_id for row in rows], run.id, because)
            run.output("ops.quarantine", rows=done, detail={"discarded": done})
        others = f", {len(rows) - done:,} were not open any more" if done < len(rows) else ""
        say(f"  {done:,} rows discarded{others}")
    return 0


def replay_by(owned: Owned, *, row: Path | None, force: bool, root: Path = WORKSPACE) -> int:
    """Have the owners try rows again, and return the exit code: the first that is not 0.

    Raises:
        UserError: An owner cannot; then none is called.
    """
    projects = {role: owner_of(role, root) for role in owned}
    codes = []
    for role, rows in owned.items():
        words = [str(projects[role].platform["replay"]), *(each.quarantine_id for each in rows)]
        words += ["--row", str(row.absolute())] if row else []
        words += ["--force"] if force else []
        line, variables = nested_run(root, projects[role].folder.name, *words)
        codes.append(call(line, env=variables))
    return next((code for code in codes if code), 0)


def owner_of(role: str, root: Path) -> Project:
    """Return the project that has the role and replays rows.

    Raises:
        UserError: There is none.
    """
    for project in read_projects(root):
        if project.platform.get("role") == role:
            if "replay" in project.platform:
                return project
            raise UserError(
                f"what put these rows into quarantine does not try them one by one: `{role}`",
                hint=f"correct what they are from, then {project.run()} does",
            )
    raise UserError(f"no project has the role: `{role}`", hint="what put these rows into quarantine is gone")
