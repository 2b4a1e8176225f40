"""The CRM's API: one call that takes a chunk of rows and says what became of each."""

from __future__ import annotations

from types import TracebackType
from typing import Literal

from pydantic import BaseModel, ValidationError
from typing_extensions import Self

from egress.errors import TargetRefused, TargetUnavailable
from shared.http.addresses import shown
from shared.http.answers import Answer, NotText
from shared.http.bounds import HttpBounds
from shared.http.client import HttpClient
from shared.http.echoes import Echoes
from shared.http.errors import NoAnswer
from shared.utils.console import say
from shared.utils.strict_json import NotJson

# 429 and the server's own troubles pass; everything else the API says again however often it is asked.
PASSING = (429, 500, 502, 503, 504)
AGAIN = (
    "its rows count as not delivered and are sent again by the next run; check that CRM_API_URL is this API's address"
)


class Result(BaseModel):
    """What became of one row."""

    customer_id: str
    status: Literal["updated", "rejected"]
    reason: str | None = None


class Results(BaseModel):
    """What the API answers to a chunk."""

    results: list[Result]


class CrmApi:
    """A connection to the CRM.

    Args:
        url: The API's address, `/customers/batch` is added.
        bounds: What an answer may take; `http_seconds` is how long one may take in all.

    Raises:
        TargetRefused: The address is none.
    """

    def __init__(self, url: str, bounds: HttpBounds) -> None:
        self._address = f"{url.rstrip('/')}/customers/batch"
        self.address = shown(self._address)
        try:
            self._client = HttpClient(url, bounds, passing=PASSING, tell=lambda said: say(f"  {said}"))
        except NoAnswer as error:
            raise TargetRefused(f"no answer from the CRM: {error.reason}", hint="correct CRM_API_URL") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, trace)

    def send(self, body: bytes, idempotency_key: str) -> list[Result]:
        """Send a chunk and return what became of its rows; any status of success counts as what its results say.

        The key lets the API know a chunk that it has taken already, so a repetition changes nothing.

        Raises:
            TargetUnavailable: No tries left, or an answer that cannot be understood.
            TargetRefused: The API does not take such a request.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        try:
            answer = self._client.post(self._address, body, headers)
        except NoAnswer as error:
            raise TargetUnavailable(
                f"no answer from the CRM: `{self.address}`: {error.reason}",
                hint=error.hint
                or "check CRM_API_URL and that the API is up, then run it again: what is confirmed is not sent twice",
            ) from None
        if not answer.is_success:
            raise refusal(answer, body)
        try:
            return Results.model_validate(answer.json()).results
        except (NotJson, NotText, ValidationError) as error:
            why = f"fields not as agreed: {error.error_count()}" if isinstance(error, ValidationError) else error
            raise TargetUnavailable(
                f"the CRM's answer cannot be understood: `{self.address}`: {answer.described()}: {why}", hint=AGAIN
            ) from None


def refusal(answer: Answer, sent: bytes) -> TargetUnavailable | TargetRefused:
    """Return the error for an answer that is not a success."""
    message = f"the CRM answered {answer.status}: {Echoes([sent]).told(answer)}"
    if answer.status in PASSING:
        return TargetUnavailable(message, hint="run it again later: what is confirmed is not sent twice")
    return TargetRefused(message, hint="check CRM_API_URL and what the API asks of a request; no row of it was marked")
