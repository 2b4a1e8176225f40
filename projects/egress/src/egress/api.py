"""The CRM's API: one call that takes a chunk of rows and says what became of each."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Literal

import requests
from pydantic import BaseModel, ValidationError
from requests.adapters import HTTPAdapter
from typing_extensions import Self
from urllib3.util.retry import Retry

from egress.errors import TargetRefused, TargetUnavailable
from shared.utils.console import say

# 429 and the server's own troubles pass; everything else the API says again however often it is asked.
PASSING = (429, 500, 502, 503, 504)
LONGEST_WAIT = 120  # seconds, whatever Retry-After says


class Result(BaseModel):
    """What became of one row."""

    customer_id: str
    status: Literal["updated", "rejected"]
    reason: str | None = None


class Answer(BaseModel):
    """What the API answers to a chunk."""

    results: list[Result]


class TellingRetry(Retry):
    """Repeats a request after a wait, and says so."""

    def increment(self, *arguments: Any, **named: Any) -> Self:
        """Count a failed try, and raise when it was the last one."""
        remaining = super().increment(*arguments, **named)
        last = remaining.history[-1]
        say(f"  no success ({last.status or type(last.error).__name__}), tries left: {remaining.total}")
        return remaining


class CrmApi:
    """A connection to the CRM.

    Args:
        url: The API's address, `/customers/batch` is added.
        tries: How often a request is sent at most, the first time included.
        timeout: Seconds to wait for an answer.
        backoff: Seconds to wait before the second repetition; the wait doubles with each, Retry-After goes first.
    """

    def __init__(self, url: str, *, tries: int, timeout: float, backoff: float) -> None:
        self.address = f"{url.rstrip('/')}/customers/batch"
        self._timeout = timeout
        self._session = requests.Session()
        retry = TellingRetry(
            total=tries - 1,
            allowed_methods=None,
            status_forcelist=PASSING,
            backoff_factor=backoff,
            backoff_max=LONGEST_WAIT,
            retry_after_max=LONGEST_WAIT,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def send(self, body: bytes, idempotency_key: str) -> list[Result]:
        """Send a chunk and return what became of its rows.

        The key lets the API know a chunk that it has taken already, so a repetition changes nothing.

        Raises:
            TargetUnavailable: No tries left, or an answer that cannot be understood.
            TargetRefused: The API does not take such a request.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        try:
            # A redirected POST would arrive as a GET without its rows.
            response = self._session.post(
                self.address, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            raise TargetUnavailable(
                f"no answer from the CRM: `{self.address}`: {reason_of(error)}",
                hint="check CRM_API_URL and that the API is up, then run it again: what is confirmed is not sent twice",
            ) from error
        if response.status_code != requests.codes.ok:
            raise refusal(response)
        try:
            return Answer.model_validate_json(response.content).results
        except ValidationError as error:
            raise TargetUnavailable(
                f"the CRM's answer cannot be understood: `{response.text[:200]}`",
                hint="its rows count as not delivered and are sent again by the next run; check that CRM_API_URL "
                "is this API's address",
            ) from error


def refusal(response: requests.Response) -> TargetUnavailable | TargetRefused:
    """Return the error for an answer that is not a success."""
    message = f"the CRM answered {response.status_code}: `{response.text[:200]}`"
    if response.status_code in PASSING:
        return TargetUnavailable(message, hint="run it again later: what is confirmed is not sent twice")
    return TargetRefused(message, hint="check CRM_API_URL and what the API asks of a request; no row of it was marked")


def reason_of(error: requests.RequestException) -> str:
    """Return what is behind an error of the connection, without the layers around it."""
    inner = error.args[0] if error.args else error
    reason = getattr(inner, "reason", None) or inner
    return str(reason).partition(": ")[2] or str(reason)
