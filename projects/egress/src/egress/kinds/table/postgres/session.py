"""A session at the database that gets a table, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import psycopg2
from psycopg2 import extensions

from egress.engine.errors import TargetRefused, TargetUnavailable
from shared.errors import PlatformError, StorageFull, first_line
from shared.postgres.errors import Collision, NotPermitted, ServerUnavailable, explain
from shared.postgres.target import PostgresTarget

# Classes of SQLSTATE that are about a value or a row: cardinality, data, integrity, check option; and what a trigger
# raises.
ABOUT_ROWS = ("21", "22", "23", "44")
RAISED = "P0001"
AGAIN = "then run it again: what was not committed is undone, and what was is known again"


@contextmanager
def session(
    target: PostgresTarget, application_name: str, *, timeout: float, settings: str
) -> Iterator[extensions.connection]:
    """Open a session that waits for the server, and for locks of others, no longer than `timeout` seconds.

    Args:
        settings: What the names of the target's settings begin with, for hints.

    Raises:
        TargetUnavailable: The server does not answer, or goes away.
        TargetRefused: It does not let us in, or does not do what it is told.
    """
    options = {"connect_timeout": str(max(2, int(timeout))), **target.options}
    patient = replace(target, options=options, lock_seconds=timeout)
    try:
        connection = patient.connect(application_name, patience=timeout)
    except ServerUnavailable as error:
        raise TargetUnavailable(
            f"the target does not answer: {error.message}",
            hint=f"check {settings}_URL and that the server is up, then run it again",
        ) from error
    except PlatformError as error:
        raise TargetRefused(
            f"the target lets nobody in: {error.message}", hint=f"correct {settings}_URL, then run it again"
        ) from error
    try:
        with connection.cursor() as cursor:
            # What is marked as delivered may not be lost in a crash of the server's.
            cursor.execute("show synchronous_commit")
            if cursor.fetchone() == ("off",):
                cursor.execute("set synchronous_commit to on")
        yield connection
    except psycopg2.Error as error:
        raise meaning(error, patient, settings) from error
    finally:
        with suppress(psycopg2.Error):
            connection.close()


@contextmanager
def transaction(connection: extensions.connection, *, keep: bool) -> Iterator[extensions.cursor]:
    """Run what is inside as one transaction, which is rolled back after an error, or where it is not to be kept."""
    with connection.cursor() as cursor:
        cursor.execute("begin isolation level read committed")
        try:
            yield cursor
        except BaseException:
            with suppress(psycopg2.Error):
                cursor.execute("rollback")
            raise
        cursor.execute("commit" if keep else "rollback")


def is_about_rows(error: psycopg2.Error) -> bool:
    """Tell whether an error is about some of the rows, so that others may be taken."""
    state = error.pgcode or ""
    return state[:2] in ABOUT_ROWS or state == RAISED


def reason_of(error: psycopg2.Error) -> str:
    """Return the target's own words for what is wrong with a row."""
    message = error.diag.message_primary or first_line(error)
    detail = error.diag.message_detail or ""
    # The other kind of detail repeats the row.
    return f"{message}: {detail}" if detail.startswith("Key ") else message


def meaning(error: psycopg2.Error, target: PostgresTarget, settings: str) -> PlatformError:
    """Return what an error of the target's means for whoever runs a delivery."""
    known, text = explain(error), first_line(error)
    if isinstance(known, StorageFull):
        return TargetUnavailable(
            f"no space left on the target's server {target.address}: {text}", hint=f"free space there, {AGAIN}"
        )
    if isinstance(known, ServerUnavailable):
        return TargetUnavailable(
            f"the connection to the target {target.address} is lost: {text}", hint=f"see that it is up, {AGAIN}"
        )
    if isinstance(known, Collision):
        return TargetUnavailable(
            f"somebody else was in the way at the target {target.address}: {text}",
            hint=f"wait for them ({settings}_TIMEOUT says how long), {AGAIN}",
        )
    if isinstance(known, NotPermitted):
        return TargetRefused(
            f"`{target.user}` may not do it at the target {target.address}: {text}",
            hint=f"let them: grant `{target.user}` usage of the schema, create in it where the table is not there yet, "
            "and select, insert, update and delete on the table",
        )
    return TargetRefused(
        f"the target {target.address} refuses the delivery: {text}",
        hint="nothing of it was committed; correct the table or the model, then run it again",
    )
