"""What `sqlfluff lint` sees in place of dbt's `adapter`: enough to render models without dbt and without a database."""

from __future__ import annotations

from collections.abc import Callable


def dispatch(macro: str) -> Callable[..., str]:
    """Return a macro that renders as a call of a function with the same name and arguments."""
    return lambda *arguments: f"{macro}({', '.join(arguments)})"
