"""The suites that pixi.toml names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shared.errors import UserError
from shared.utils.names import suggestion
from tasks.doctor.commands import suites
from tasks.doctor.repo import Repo


class Suite(NamedTuple):
    """A task that runs tests.

    Attributes:
        task: Its name.
        environment: Where it runs.
        environments: Where it and what it depends on run, separated by blanks.
    """

    task: str
    environment: str
    environments: str

    @property
    def name(self) -> str:
        """As it is shown."""
        return f"{self.task} ({self.environment})"


def all_suites(repo: Repo) -> list[Suite]:
    """Return every suite, in the order in which they start."""
    return [Suite(**suite) for suite in suites(repo)]


def named_suites(suites: Sequence[Suite], names: Sequence[str]) -> list[Suite]:
    """Return the suites of these names, each a task's with or without `test-`; without names all.

    Raises:
        UserError: There is no such suite.
    """
    known = {suite.task.removeprefix("test-") for suite in suites}
    wanted = [name.removeprefix("test-") for name in names]
    for name in wanted:
        if name not in known:
            raise UserError(f"no such suite: `{name}`", hint=suggestion(name, sorted(known)))
    return [suite for suite in suites if not wanted or suite.task.removeprefix("test-") in wanted]
