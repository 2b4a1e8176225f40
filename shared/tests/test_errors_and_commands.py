"""How commands end."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

import duckdb
import psycopg2
import pytest

from shared.command_line import Parser, command
from shared.errors import InputError, SourceUnavailable


def failing(error: BaseException) -> int:
    """Run a command that raises `error`."""

    def main(_: Sequence[str]) -> None:
        raise error

    return command(main, [])


def test_user_mistake_exits_2_with_hint(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake of the user's exits 2 and prints the error and what to do, no traceback."""
    assert failing(InputError("cannot read file: `a.csv`", hint="save it as UTF-8")) == 2
    assert capsys.readouterr().err == "error: cannot read file: `a.csv`\nhint: save it as UTF-8\n"


def test_failure_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure that is not the user's fault exits 1."""
    assert failing(SourceUnavailable("no answer")) == 1
    assert "error: no answer" in capsys.readouterr().err


def test_unknown_exception_has_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception that nobody foresaw still ends as a message, and the hint names --debug."""
    assert failing(RuntimeError("boom\ndetails")) == 1
    printed = capsys.readouterr().err
    assert "error: RuntimeError: boom" in printed
    assert "--debug" in printed
    assert "Traceback" not in printed


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """`--debug` shows the traceback and is not handed to the command."""

    def main(arguments: Sequence[str]) -> None:
        raise RuntimeError(f"got {arguments}")

    assert command(main, ["run", "--debug"]) == 1
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert "got ['run']" in printed


def test_help_of_every_command_names_debug(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` of a parser and of its commands shows `--debug`, which is no part of what they parse."""
    parser = Parser(prog="ingest")
    parser.add_subparsers(dest="action").add_parser("run")
    for arguments in (["--help"], ["run", "--help"]):
        with pytest.raises(SystemExit):
            parser.parse_args(arguments)
        assert "--debug" in capsys.readouterr().out
    assert vars(parser.parse_args(["run"])) == {"action": "run"}


def test_full_disk_below_another_error_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A full disk is named even where a library wraps the operating system's error in its own."""
    wrapped = RuntimeError("load failed")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert failing(wrapped) == 1
    assert "no space left" in capsys.readouterr().err


def test_forbidden_path_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A path that may not be used is the user's to mend, and the message names it."""
    assert failing(PermissionError(errno.EACCES, "Permission denied", "/data/x")) == 2
    assert "error: not allowed to use: `/data/x`" in capsys.readouterr().err


def test_hinted_error_below_another_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """An error of ours that a library wrapped reaches the user with its hint and exit code."""
    wrapped = RuntimeError("pipeline step failed")
    wrapped.__context__ = InputError("missing column: `postcode`", hint="add it")
    assert failing(wrapped) == 2
    assert "hint: add it" in capsys.readouterr().err


def test_lost_server_below_another_error_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """What an error of PostgreSQL's means is told even where a library wraps the driver's error in its own."""
    wrapped = RuntimeError("pipeline step failed")
    wrapped.__cause__ = psycopg2.OperationalError("server closed the connection unexpectedly\n\tThis probably means")
    assert failing(wrapped) == 1
    printed = capsys.readouterr().err
    assert "error: the connection to PostgreSQL is lost: server closed the connection unexpectedly\n" in printed
    assert "hint: what was not committed is undone" in printed


def test_command_that_does_without_postgresql_does_not_load_its_driver() -> None:
    """An error of a command on DuckDB is told without psycopg2, which takes a moment to import."""
    program = "import sys; from shared.command_line import report; report(OSError()); print('psycopg2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_interrupt_exits_130(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends with the shell's code for it and says that a rerun is safe."""
    assert failing(KeyboardInterrupt()) == 130
    assert "run the command again" in capsys.readouterr().err


@pytest.mark.parametrize("link", ["__cause__", "__context__"])
def test_interrupt_that_a_library_wrapped_exits_130(link: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends as such also where a library has made an error of its own of it, and where that has another cause."""
    wrapped, between = RuntimeError("query failed"), ValueError("no rows")
    setattr(between, link, KeyboardInterrupt())
    wrapped.__cause__, wrapped.__context__ = OSError("no file"), between
    assert failing(wrapped) == 130
    assert "error:" not in capsys.readouterr().err


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_query_exits_130(signum: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C or a request to end during a query, of which DuckDB makes a RuntimeError, ends as an interrupt."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signum))

    def main(_: Sequence[str]) -> None:
        timer.start()
        try:
            query = "select sum(a.range * b.range) from range(1000000) as a, range(1000000) as b"
            duckdb.connect().sql(query).fetchall()
        except Exception as error:
            raise InputError("the query failed") from error

    try:
        assert command(main, []) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "interrupted: nothing is lost, run the command again\n"


def test_ignored_request_to_end_stays_ignored() -> None:
    """What `nohup` has started goes on when the terminal goes."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert command(lambda _: os.kill(os.getpid(), signal.SIGHUP), []) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_wrong_argument_looks_like_any_other_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """An argument that a command does not know exits 2 with the usage as the hint."""

    def main(arguments: Sequence[str]) -> None:
        Parser(prog="ingest").parse_args(arguments)

    assert command(main, ["--al"]) == 2
    printed = capsys.readouterr().err
    assert "error: unrecognized arguments: --al" in printed
    assert "hint: usage: ingest" in printed


def test_success_is_0() -> None:
    """A command that returns nothing has succeeded."""
    assert command(lambda _: None, []) == 0


def test_error_that_was_caused_by_itself_ends_too(capsys: pytest.CaptureFixture[str]) -> None:
    """An error that a library has raised again from its own wrapper, so that each is the other's cause, is reported."""

    def main(_: object) -> int:
        error, wrapper = ZeroDivisionError("division by zero"), RuntimeError("wrapped")
        error.__context__, wrapper.__cause__ = wrapper, error
        raise error

    assert command(main, []) == 1
    assert "error: ZeroDivisionError: division by zero" in capsys.readouterr().err
