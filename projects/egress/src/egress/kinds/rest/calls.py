"""Requests that carry rows to an API, and what it says of each row."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from egress.engine.errors import TargetRefused, TargetUnavailable
from egress.kinds.rest.answers import Answers, NotUnderstood, failure_in, id_of, reason_at, results_of, value_at
from egress.kinds.rest.api import RestApi, not_understood, refusal
from egress.kinds.rest.bodies import LINES, Encoding, as_form, batch
from egress.kinds.rest.declared import LOCATION, Job, Refusals
from egress.kinds.rest.job_places import JobPlaces
from egress.kinds.rest.jobs import end_of, result_of
from egress.kinds.rest.rows import Outcome, Row, Said
from shared.errors import PlatformError
from shared.http.answers import Answer, NotText
from shared.http.echoes import Echoes
from shared.http.retry_after import seconds_of
from shared.utils.strict_json import NotJson

NO_REASON = "rejected without a reason"
CONFLICT, TOO_LARGE = 409, 413


@dataclass(frozen=True)
class Call:
    """A call of an API, by declaration.

    Attributes:
        path: As it was declared.
        rows: The field of a request with the rows, None where a request is for one row.
        beside: What a request with rows has besides.
        headers: What each request says besides.
        idempotency: The header with the key by which the API knows a request again.
        answers: Where an answer says what became of each row.
        refusals: How a request is refused for what its rows hold.
        done: Statuses that mean success besides those that always do.
        with_body: Whether there is a body.
        encoding: How a row alone is written there.
        null: What a null is in a form.
        own_id: Where the answer has the API's id of the row.
        absent: Statuses that say that there is no such row.
        there: Where an answer 409 has the API's id of the row that is there.
        job: What it does behind its answer.
    """

    method: str
    path: str
    rows: str | None = None
    beside: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency: str | None = None
    answers: tuple[Answers, ...] = ()
    refusals: Refusals | None = None
    done: tuple[int, ...] = ()
    with_body: bool = True
    encoding: Encoding = "json"
    null: str | None = ""
    own_id: str | None = None
    absent: tuple[int, ...] = ()
    there: str | None = None
    job: Job | None = None

    def body(self, rows: Sequence[Row]) -> bytes | None:
        """Return the body of a request for these rows."""
        if not self.with_body:
            return None
        if self.rows:
            return batch([row.sent for row in rows], self.rows, self.beside)
        return as_form(rows[0].sent, self.null) if self.encoding == "form" else rows[0].sent.encode()

    @property
    def media_type(self) -> str:
        """What the body is."""
        if self.encoding == "form":
            return "application/x-www-form-urlencoded"
        return "application/x-ndjson" if self.rows == LINES else "application/json"


class Caller:
    """Makes a call for rows; used by several threads.

    Args:
        sender: Who sends, for the keys of requests: the warehouse and the target.
        key: The model's key, whose values may be shown.
        places: Where the jobs of its answers are kept.
    """

    def __init__(self, call: Call, api: RestApi, sender: str, key: str, places: JobPlaces | None = None) -> None:
        self._call, self._api, self._sender, self._key, self._places = call, api, sender, key, places

    def of(self, call: Call) -> Caller:
        """Return what makes another call to the same target; no job is kept of it."""
        return Caller(call, self._api, self._sender, self._key)

    def send(self, rows: Sequence[Row]) -> Outcome:
        """Send rows in one request, in halves where it is refused for what they hold, and again those put off."""
        said = [Said(row, False, "", row.unfit) for row in rows if row.unfit]
        left = [row for row in rows if not row.unfit]
        bounds = self._api.bounds
        outcome = Outcome()
        for tried in range(1, bounds.http_tries + 1):
            outcome = self._tried(left, tried) if left else Outcome()
            said += outcome.said
            left = outcome.put_off
            if not left or outcome.error:
                break
            if tried < bounds.http_tries:
                own = min(bounds.http_backoff * 2 ** (tried - 1), bounds.http_wait)
                time.sleep(own if outcome.wait is None else outcome.wait)
        if left and not outcome.error:
            outcome.error = TargetUnavailable(
                f"the API has no time for {len(left):,} of {len(rows):,} rows, the first is `{left[0].name}`",
                hint="run it again later: they count as not delivered, and what is confirmed is not sent twice",
            )
        return replace(outcome, said=said, put_off=[])

    def _tried(self, rows: Sequence[Row], tried: int = 1) -> Outcome:
        try:
            return self._sent(rows, tried)
        except PlatformError as error:
            return Outcome(error=error)

    def _sent(self, rows: Sequence[Row], tried: int) -> Outcome:
        call, body, path = self._call, self._call.body(rows), rows[0].path
        # Two rows may have one body, and another path each.
        where = "" if body and path == call.path else f"{call.method} {path}\0"
        # Whoever knows a request again would put its rows off once more.
        where += f"{tried}\0" if tried > 1 else ""
        key = idempotency_key(self._sender, [row.history for row in rows], where.encode() + (body or b""))
        headers = {
            **({"Content-Type": call.media_type} if body else {}),
            **call.headers,
            **({call.idempotency: key} if call.idempotency else {}),
        }
        answer = self._api.ask(call.method, path, body, headers, call=call.path)
        if call.job and answer.is_success:
            payloads = [row.payload for row in rows]
            answer, job = result_of(
                call.job, self._api, answer, call.headers, payloads, lambda found: self._keep(found, key, rows)
            )
            return self._taken(answer, rows, f"{key}, job {job}")
        if answer.is_success:
            return self._taken(answer, rows, key)
        if answer.status in call.done:
            return Outcome([Said(row, True, key) for row in rows])
        if answer.status in call.absent:
            return Outcome(absent=True)
        if call.there and answer.status == CONFLICT and (found := self._id_at(call.there, answer)):
            return Outcome(there=found)
        if answer.status in (TOO_LARGE, *(call.refusals.statuses if call.refusals else ())):
            return self._refused(answer, rows, key)
        raise refusal(answer, [row.payload for row in rows], self._api.setting)

    def _keep(self, job: str, key: str, rows: Sequence[Row]) -> None:
        if self._places is not None:
            self._places.keep(job, key, rows)

    def resume(self, job: str, key: str, rows: Sequence[Row], until: float) -> Outcome:
        """Ask after a job that an earlier run has begun, and read what came of its rows; nothing is sent.

        Args:
            key: That of the request.
            until: When it is waited for no longer.
        """
        assert self._call.job, "who has a job's place has declared jobs"
        payloads = [row.payload for row in rows]
        try:
            answer = end_of(self._call.job, self._api, job, self._call.headers, payloads, until)
            return self._taken(answer, rows, f"{key}, job {job}", again=False)
        except PlatformError as error:
            return Outcome(error=error)

    def _taken(self, answer: Answer, rows: Sequence[Row], key: str, *, again: bool = True) -> Outcome:
        """Read the answer to a request that was taken: it may say otherwise of single rows.

        Args:
            again: Whether rows may be sent again, to find those at fault where none was taken.
        """
        if not self._call.answers:
            # A page for people, to log in at, say, is no word of the API's.
            if answer.kind() == "HTML" and answer.body.lstrip().startswith(b"<"):
                raise not_understood(self._api, self._call.path, answer, NotUnderstood("a page, and no answer"))
            if failed := failure_in(answer, rows[0].sent):
                raise TargetRefused(
                    f"the API answered {answer.status} and says by `{failed}` that it may not have taken all: "
                    f"{Echoes([row.payload for row in rows]).told(answer)}",
                    hint="declare `answers`, which say what became of each row, in the target's module; no row of it "
                    "was marked",
                )
            receipt = f"{key}, for {len(rows):,} rows as a whole" if len(rows) > 1 else key
            return self._named(answer, Outcome([Said(row, True, receipt) for row in rows]))
        try:
            body = answer.json() if answer.body else None
            results = results_of(self._call.answers, body, [row.name for row in rows])
        except (NotJson, NotText, NotUnderstood) as error:
            raise not_understood(self._api, self._call.path, answer, error) from None
        said = [(row, results[row.name]) for row in rows if row.name in results]
        together = any(each.together for each in self._call.answers)
        if together and len(rows) > 1 and any(not result.taken for _, result in said):
            return self._refused(answer, rows, key) if again else Outcome()
        outcome = Outcome(
            [
                Said(row, result.taken, key, "" if result.taken else self._reason(row, result.reason) or NO_REASON)
                for row, result in said
                if not result.passing
            ],
            put_off=[row for row, result in said if result.passing],
            wait=seconds_of(answer.headers.get("retry-after"), self._api.bounds.http_wait),
        )
        missing = [row.name for row in rows if row.name not in results]
        if missing:
            outcome.error = TargetUnavailable(
                f"the API's answer leaves out {len(missing):,} of {len(rows):,} rows, the first is `{missing[0]}`",
                hint="they count as not delivered and are sent again by the next run",
            )
        return self._named(answer, outcome)

    def _named(self, answer: Answer, outcome: Outcome) -> Outcome:
        """Read the id that the API has given a row, where it gives one and has taken the row."""
        where = self._call.own_id
        if where is None or not any(each.taken for each in outcome.said):
            return outcome
        (said,) = outcome.said
        found = self._id_at(where, answer)
        if found is None:
            raise not_understood(self._api, self._call.path, answer, NotUnderstood("no id of the row"))
        return Outcome([said._replace(row=said.row._replace(own_id=found))])

    def _id_at(self, where: str, answer: Answer) -> str | None:
        """Return the API's id that stands somewhere in an answer, or at the end of the address that it names."""
        try:
            if where == LOCATION:
                named = urlsplit(answer.headers.get("location", "")).path.rstrip("/")
                return id_of(unquote(named.rpartition("/")[2]))
            return value_at(where, answer.json())
        except (NotJson, NotText, ValueError) as error:
            raise not_understood(self._api, self._call.path, answer, error) from None

    def _refused(self, answer: Answer, rows: Sequence[Row], key: str) -> Outcome:
        """Say so of a single row; of several find those at fault."""
        if len(rows) > 1:
            middle = len(rows) // 2
            first = self._tried(rows[:middle])
            second = Outcome() if first.error else self._tried(rows[middle:])
            put_off = [*first.put_off, *second.put_off]
            wait = max((each.wait for each in (first, second) if each.wait is not None), default=None)
            return Outcome([*first.said, *second.said], first.error or second.error, put_off=put_off, wait=wait)
        (row,) = rows
        reason = self._reason(row, self._given(answer)) or self._echoes(row).told(answer)
        return Outcome([Said(row, False, key, f"{answer.status}: {reason}")])

    def _given(self, answer: Answer) -> str | None:
        """Return the reason that an answer has where it was said to."""
        where = self._call.refusals.reason if self._call.refusals else None
        try:
            return reason_at(where, answer.json()) if where else None
        except (NotJson, NotText):
            return None

    def _reason(self, row: Row, reason: str | None) -> str:
        """Return a reason as it may be kept: short, and without what was sent of the row."""
        reason = (reason or "").strip()
        return self._echoes(row).reason(reason) if reason else ""

    def _echoes(self, row: Row) -> Echoes:
        return Echoes([row.payload], shown=[self._key])


def idempotency_key(sender: str, histories: Sequence[str], body: bytes) -> str:
    """Return the key by which an API knows a request again.

    A request that is sent again because nobody saw the answer has the same key. Content that goes back to what it was
    long ago, or that a warehouse made anew sends, has another one, or the API would take it for the old delivery:
    hence the runs that sent the rows last, and the warehouse in the sender's name.
    """
    return hashlib.sha256("\0".join([sender, *histories, ""]).encode() + body).hexdigest()
