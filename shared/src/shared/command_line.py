"""How every command of the platform ends: a result, or `error:` and `hint:` and an exit code."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from shared.errors import PlatformError, UserError, causes, first_line, was_interrupted
from shared.redaction import redacted
from shared.redaction.records import redact_records
from shared.system_errors import explained_by_system
from shared.utils.own_folder import made_by_us, used
from shared.utils.private import keep_private, tighten
from shared.utils.processes import terminable

if TYPE_CHECKING:
    from shared.config import Settings

Main = Callable[[Sequence[str]], "int | None"]
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """A parser whose complaints look like all other errors, and whose help names what every command takes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # For the help alone: `command` takes it out.
        self.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
        )

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UserError(message, hint=f"{self.format_usage().strip()}; `{self.prog} --help` says more")


def whole_number(text: str) -> int:
    """Read a number that is not below zero."""
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def command(main: Main, argv: Sequence[str] | None = None) -> int:
    """Run `main` with the command's arguments and turn what it raises into messages and an exit code.

    What it makes is for its owner alone. `--debug` anywhere among the arguments is taken out and shows the traceback of
    an error.

    Returns:
        `main`'s own code, 2 for a mistake of the user's, 1 for a failure, 130 after Ctrl-C, SIGTERM or SIGHUP.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    if debug:
        arguments.remove("--debug")
    keep_private()
    redact_records()
    settings = usable_settings()
    try:
        with terminable(), folders_used(settings):
            return main(arguments) or 0
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, Exception) and not was_interrupted(error):
            return report(error, debug=debug)
        if debug:
            show_traceback(error)
        print("interrupted: nothing is lost, run the command again", file=sys.stderr)
        return INTERRUPTED


@contextmanager
def folders_used(settings: Settings | None) -> Iterator[None]:
    """Keep what the command needs from being removed while it runs, and the data folder private and marked as ours.

    Raises:
        FolderInUse: `clean` is removing it.
    """
    with used(Path(sys.prefix)):
        if settings is None:
            yield
            return
        data = settings.data_dir
        tighten(data, settings.postgres_dir)
        with used(data), made_by_us(data, place=settings.root / "data"):
            yield


def report(error: Exception, *, debug: bool = False) -> int:
    """Print an error with its hint, log it, tell Dagster where that has started us, and return its exit code.

    Raises:
        KeyboardInterrupt: It is what a library has made of Ctrl-C.
    """
    known = as_platform_error(error)
    if debug:
        show_traceback(error)
    print(f"error: {known.message}", file=sys.stderr)
    if known.hint:
        print(f"hint: {known.hint}", file=sys.stderr)
    # Here and not above: the ledger beside it brings the database's library, which a quick command can do without.
    from shared.monitoring.logs import log_event
    from shared.monitoring.pipes import tell_dagster

    facts = {"message": known.message, "hint": known.hint, "code": known.code, "retryable": known.retryable}
    settings = usable_settings()
    if settings is not None:
        log_event(settings, "error", **facts)
    # Only now, and not as the command begins: one that only starts another leaves it the channel.
    tell_dagster(lambda: {"error": {**facts, "exit_code": known.exit_code}}, settings)
    return known.exit_code


def show_traceback(error: BaseException) -> None:
    """Print an error with where it came from, without what is secret in the texts of other libraries' errors."""
    sys.stderr.write(redacted("".join(traceback.format_exception(error))))


def usable_settings() -> Settings | None:
    """Return the settings of this process, or None where they are what is wrong."""
    from shared.config import get_settings

    try:
        return get_settings()
    except PlatformError:
        return None


def as_platform_error(error: BaseException) -> PlatformError:
    """Return the error itself, or what it was caused by, as one that carries a hint.

    Raises:
        KeyboardInterrupt: It is what a library has made of Ctrl-C.
    """
    if was_interrupted(error):
        raise KeyboardInterrupt from error
    for cause in causes(error):
        ours = cause if isinstance(cause, PlatformError) else None
        known = ours or explained_by_postgres(cause) or explained_by_system(cause)
        if known is not None:
            return known
    return PlatformError(
        f"{type(error).__name__}: {first_line(error)}",
        hint="run the command again with --debug to see where this comes from",
    )


def explained_by_postgres(error: BaseException) -> PlatformError | None:
    """Return what an error of PostgreSQL's means; a command that never loaded its driver has none and pays for none."""
    if "psycopg2" not in sys.modules:
        return None
    from shared.postgres.errors import explain

    return explain(error)
