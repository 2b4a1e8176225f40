"""What the errors of a target's driver mean."""

from __future__ import annotations

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from egress.engine.errors import TargetRefused, TargetUnavailable
from shared.databases.address import Address
from shared.databases.errors import HOST, LOGIN, NO_DATABASE, RIGHTS, is_passing
from shared.errors import PlatformError, first_line
from shared.http.redaction import masked

# Of MariaDB and MySQL, though their driver takes them for something else: a value that a column does not take, a check,
# what a trigger raises.
ABOUT_ROWS = (1264, 1265, 1292, 1300, 1366, 1406, 1411, 1644, 3819, 4025)
READ_ONLY, FULL = ("readonly", "read-only"), ("is full",)
AGAIN = "then run it again: what was not committed is undone, and what was is known again"


def code_of(error: DBAPIError) -> int | None:
    """Return the server's number of an error."""
    said = error.orig.args if error.orig else ()
    return said[0] if said and isinstance(said[0], int) else None


def is_about_rows(error: DBAPIError) -> bool:
    """Tell whether an error is about some of the rows, so that others may be taken."""
    return isinstance(error, (IntegrityError, DataError)) or code_of(error) in ABOUT_ROWS


def reason_of(error: DBAPIError) -> str:
    """Return the target's own words for what is wrong, without statement and values."""
    cause = error.orig or error
    return masked(str(cause.args[-1]) if cause.args else first_line(cause))


def meaning(error: DBAPIError, address: Address, settings: str) -> PlatformError:
    """Return what an error of the target's means for whoever runs a delivery."""
    code, said, place = code_of(error), reason_of(error), address.place
    if code in (*LOGIN, NO_DATABASE):
        return TargetRefused(f"the target lets nobody in: {said}", hint=f"correct {settings}_URL, then run it again")
    if code in HOST:
        return TargetUnavailable(
            f"the target does not answer: {said}",
            hint=f"check {settings}_URL and that the server is up, then run it again",
        )
    if code in RIGHTS or any(word in said for word in READ_ONLY):
        return TargetRefused(
            f"`{address.url.username or 'who runs this'}` may not do it at the target {place}: {said}",
            hint="let them: select, insert, update and delete on the table and on `egress_journal` beside it, "
            "and create where they are not there yet",
        )
    if any(word in said for word in FULL):
        return TargetUnavailable(f"no space left at the target {place}: {said}", hint=f"free space there, {AGAIN}")
    if is_passing(error, code, said, address):
        return TargetUnavailable(
            f"the target {place} is away, or somebody else is in the way: {said}",
            hint=f"see that it is up, wait for them ({settings}_TIMEOUT says how long), {AGAIN}",
        )
    return TargetRefused(
        f"the target {place} refuses the delivery: {said}",
        hint="nothing of it was committed; correct the table or the model, then run it again",
    )
