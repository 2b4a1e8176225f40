"""An API: one call that takes a chunk of rows and says what became of each."""

from __future__ import annotations

from types import TracebackType

from pydantic import ValidationError
from typing_extensions import Self

from egress.engine.errors import TargetRefused, TargetUnavailable
from egress.kinds.rest.declared import Answers, Result
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


class RestApi:
    """A connection to an API.

    Args:
        url: The API's address.
        path: The call below it.
        answers: Where an answer says what became of each row.
        bounds: What an answer may take; `http_seconds` is how long one may take in all.
        setting: The environment variable with the address, for hints.

    Raises:
        TargetRefused: The address is none.
    """

    def __init__(self, url: str, path: str, answers: Answers, bounds: HttpBounds, setting: str) -> None:
        self._answers, self._setting = answers, setting
        self._address = f"{url.rstrip('/')}{path}"
        self.address = shown(self._address)
        try:
            self._client = HttpClient(url, bounds, passing=PASSING, tell=lambda said: say(f"  {said}"))
        except NoAnswer as error:
            raise TargetRefused(f"no answer from the API: {error.reason}", hint=f"correct {setting}") from None

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
            answer = self._client.send("POST", self._address, body, headers)
        except NoAnswer as error:
            raise TargetUnavailable(
                f"no answer from the API: `{self.address}`: {error.reason}",
                hint=error.hint
                or f"check {self._setting} and that the API is up, then run it again: "
                "what is confirmed is not sent twice",
            ) from None
        if not answer.is_success:
            raise refusal(answer, body, self._setting)
        try:
            return self._answers.read(answer.json())
        except (NotJson, NotText, ValidationError) as error:
            why = f"fields not as agreed: {error.error_count()}" if isinstance(error, ValidationError) else error
            raise TargetUnavailable(
                f"the API's answer cannot be understood: `{self.address}`: {answer.described()}: {why}",
                hint="its rows count as not delivered and are sent again by the next run; "
                f"check that {self._setting} is this API's address",
            ) from None


def refusal(answer: Answer, sent: bytes, setting: str) -> TargetUnavailable | TargetRefused:
    """Return the error for an answer that is not a success."""
    message = f"the API answered {answer.status}: {Echoes([sent]).told(answer)}"
    if answer.status in PASSING:
        return TargetUnavailable(message, hint="run it again later: what is confirmed is not sent twice")
    return TargetRefused(message, hint=f"check {setting} and what the API asks of a request; no row of it was marked")
