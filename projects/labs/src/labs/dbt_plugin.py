"""The plugin of dbt-duckdb in every lab's profile: gives dbt the lab's own database, and refuses any other.

dbt-duckdb loads it by the module's name and the name `Plugin`, before it opens the database:
https://github.com/duckdb/dbt-duckdb, "Writing your own plugins".
"""

from __future__ import annotations

import os
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from shared.config import get_settings
from shared.config.labs import Lab, find_lab
from shared.errors import PlatformError
from shared.utils.console import say
from shared.warehouse.lock import FileLock

# Set by the runner, which holds the lab's lock itself: the database to work on, the lab's own or its work copy.
DATABASE_VARIABLE = "LAB_DATABASE"
# Held until the process ends, so that nobody else opens the database between two statements of dbt's.
_held: dict[str, FileLock] = {}


class Plugin(BasePlugin):  # type: ignore[misc]
    """Points dbt at the registry's database for the lab that the profile's `config` names."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Set the database's path.

        Raises:
            DbtRuntimeError: The profile or the runner names another database, the registry cannot be used, or somebody
                works in the lab for longer than the timeout.
        """
        assert self.creds is not None
        try:
            lab = find_lab(str(plugin_config.get("lab", "")))
            own = (str(lab.database), str(lab.work_database))
            # dbt may begin a second time with the credentials that it has been given here.
            if self.creds.path not in (lab.database.name, *own):
                raise PlatformError(
                    f"the profile names another database than the registry: `{self.creds.path}`",
                    hint=f"write `path: {lab.database.name}` in profiles.yml; where it lies, labs_config.yaml says",
                )
            database = os.environ.get(DATABASE_VARIABLE) or self._taken(lab)
            if database not in own:
                raise PlatformError(
                    f"not a database of lab `{lab.name}`: `{database}`",
                    hint=f"unset {DATABASE_VARIABLE}: it is the runner's",
                )
            self.creds.path = database
        except PlatformError as error:
            raise DbtRuntimeError(f"{error.message}\nhint: {error.hint}") from error

    def _taken(self, lab: Lab) -> str:
        """Take the lab's lock for dbt called by hand, and return its database's path."""
        if not lab.database.exists():
            raise PlatformError(
                f"lab `{lab.name}` has no database yet: `{lab.database}`",
                hint=f"`./pixiw run lab {lab.name} load` makes it",
            )
        if lab.name not in _held:
            timeout = get_settings().warehouse_lock_timeout
            lock = FileLock(lab.database, f"dbt by hand in {lab.name}", timeout=timeout, on_wait=say)
            lock.acquire(exclusive=True)
            _held[lab.name] = lock
        return str(lab.database)
