"""A destination of dlt's that looks up once what can be done with it."""

from __future__ import annotations

from typing import Any

from dlt.common.destination import Destination
from typing_extensions import override


class ConfiguredOnce(Destination[Any, Any]):
    """A destination of which dlt asks some ten times a load what it can do: each time it resolves a configuration anew.

    That answer depends on what the destination was made with alone, and took a seventh of a small load.
    """

    _without_login: Any = None

    @override
    def configuration(self, initial_config: Any, accept_partial: bool = False) -> Any:
        if not accept_partial:
            return super().configuration(initial_config)
        if self._without_login is None:
            self._without_login = super().configuration(initial_config, accept_partial=True)
        return self._without_login
