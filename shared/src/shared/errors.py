"""The platform's errors: what went wrong, what to do about it, and whether trying again may help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from shared.redaction import redacted


class PlatformError(Exception):
    """A failure that a person can act on; what is secret in message and hint is redacted, whoever shows them.

    Args:
        message: What went wrong, the value after a colon: "cannot read file: `a.csv`".
        hint: What to do about it, as an instruction.

    Attributes:
        code: A stable word for logs and alerts.
        exit_code: What a command exits with: 2 for the user's mistake, 1 for a failure.
        retryable: Whether the same call may succeed later with nothing changed.
    """

    code: ClassVar[str] = "failure"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = redacted(message)
        self.hint = None if hint is None else redacted(hint)
        super().__init__(self.message)


class UserError(PlatformError):
    """The caller asked for something that cannot be."""

    code = "usage"
    exit_code = 2


class ConfigurationError(UserError):
    """A setting is missing or has a value that cannot be used."""

    code = "configuration"


class InputError(UserError):
    """Data from outside cannot be read as what it should be."""

    code = "input"


class SourceUnavailable(PlatformError):
    """An outside system does not answer, or not with what it promised."""

    code = "source_unavailable"
    retryable = True


class NotAWarehouse(UserError):
    """The file or server that a setting names does not hold a warehouse."""

    code = "not_a_warehouse"


class WrongWarehouse(UserError):
    """The database is a warehouse, but another one than expected."""

    code = "wrong_warehouse"


class WarehouseBusy(PlatformError):
    """Somebody else held the warehouse for longer than the timeout."""

    code = "warehouse_busy"
    retryable = True


class StorageFull(PlatformError):
    """There is no room left where the platform has to write."""

    code = "storage_full"
    retryable = True


def causes(error: BaseException) -> Iterator[BaseException]:
    """Return an error and what it was caused by, the outermost first: libraries wrap what matters in theirs."""
    cause: BaseException | None = error
    # A library that raises an error again from its own wrapper makes a circle of the two.
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, or its type's name where it has none."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def was_interrupted(error: BaseException) -> bool:
    """Tell whether an error is Ctrl-C, or what a library has made of it: DuckDB a RuntimeError."""
    left: list[BaseException | None] = [error]
    seen: set[int] = set()
    while left:
        cause = left.pop()
        if cause is None or id(cause) in seen:
            continue
        # The second is DuckDB's, for a query that another thread has interrupted.
        if isinstance(cause, KeyboardInterrupt) or type(cause).__name__ == "InterruptException":
            return True
        seen.add(id(cause))
        left += [cause.__cause__, cause.__context__]
    return False
