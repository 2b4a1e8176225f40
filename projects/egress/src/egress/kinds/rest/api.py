"""An API that requests are sent to."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from types import TracebackType
from urllib.parse import urljoin

from typing_extensions import Self

from egress.engine.errors import TargetRefused, TargetUnavailable
from shared.http.addresses import LeadsAway, parsed, shown
from shared.http.answers import Answer
from shared.http.bounds import HttpBounds
from shared.http.client import HttpClient
from shared.http.echoes import Echoes
from shared.http.errors import NoAnswer
from shared.http.login import Login
from shared.http.pace import Pace
from shared.utils.console import say

# 429 and the server's own troubles pass; everything else the API says again however often it is asked.
PASSING = (429, 500, 502, 503, 504)


class RestApi:
    """Connections to an API, one for each thread that uses it; login and pace are common.

    Args:
        url: The API's address.
        bounds: What an answer may take; `http_seconds` is how long one may take in all.
        setting: The environment variable with the address, for hints.
        login: How requests are signed, where neither the address nor `~/.netrc` says it.
        per_second: How many requests may begin in a second.
        job_seconds: How long a job behind an answer may take.

    Raises:
        ConfigurationError: The login is none.
    """

    def __init__(
        self,
        url: str,
        bounds: HttpBounds,
        setting: str,
        login: Mapping[str, object] | None = None,
        per_second: float | None = None,
        job_seconds: float = 0.0,
    ) -> None:
        self._url, self.bounds, self.setting = url.rstrip("/"), bounds, setting
        self._login = Login(login, bounds) if login else None
        self._pace, self.job_seconds = Pace(per_second), job_seconds
        self._own, self._opened = threading.local(), list[HttpClient]()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._opened:
            client.__exit__(kind, error, trace)

    def _client(self) -> HttpClient:
        """Return this thread's connection."""
        if not hasattr(self._own, "client"):
            self._own.client = HttpClient(
                self._url,
                self.bounds,
                passing=PASSING,
                tell=lambda said: say(f"  {said}"),
                auth=self._login,
                pace=self._pace,
            )
            self._opened.append(self._own.client)
        client: HttpClient = self._own.client
        return client

    def shown(self, path: str) -> str:
        """Return an address as a message may have it: its places without values."""
        return shown(f"{self._url}{path}")

    def ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], *, call: str) -> Answer:
        """Send a request and return the answer, whatever its status.

        Args:
            call: The path as it was declared.

        Raises:
            TargetUnavailable: There is no answer, and no try left.
            TargetRefused: The address is none.
        """
        try:
            return self._client().send(method, f"{self._url}{path}", body, headers)
        except NoAnswer as error:
            if error.kind == "InvalidURL":
                raise TargetRefused(f"no answer from the API: {error.reason}", hint=f"correct {self.setting}") from None
            raise TargetUnavailable(
                f"no answer from the API: `{self.shown(call)}`: {error.reason}",
                hint=error.hint
                or f"check {self.setting} and that the API is up, then run it again: "
                "what is confirmed is not sent twice",
            ) from None


def leads_to(answer: Answer) -> str:
    """Return the host that a redirect leads to; its path may hold what was sent."""
    try:
        there, here = (parsed(urljoin(answer.url, link)) for link in (str(answer.redirect), ""))
    except (LeadsAway, ValueError):
        return "what is no address"
    origin = there._replace(auth=None, path=None, query=None, fragment=None)
    same = (there.scheme, there.netloc) == (here.scheme, here.netloc)
    return "another path of its own" if same else f"`{shown(origin.url)}`"


def refusal(answer: Answer, sent: Collection[str], setting: str) -> TargetUnavailable | TargetRefused:
    """Return the error for an answer that is not a success."""
    if answer.redirect is not None:
        # A body that is sent on would arrive elsewhere, or as a GET without it.
        return TargetRefused(
            f"the API answered {answer.status}: it sends on to {leads_to(answer)}",
            hint=f"set {setting} to the final address if that is right, or correct the path; no row of it was marked",
        )
    message = f"the API answered {answer.status}: {Echoes(sent).told(answer)}"
    if answer.status in PASSING:
        return TargetUnavailable(message, hint="run it again later: what is confirmed is not sent twice")
    return TargetRefused(message, hint=f"check {setting} and what the API asks of a request; no row of it was marked")


def not_understood(api: RestApi, path: str, answer: Answer, error: Exception) -> TargetUnavailable:
    """Return the error for an answer that is not as it was declared."""
    return TargetUnavailable(
        f"the API's answer cannot be understood: `{api.shown(path)}`: {answer.described()}: {error}",
        hint="its rows count as not delivered and are sent again by the next run; "
        f"check that {api.setting} is this API's address",
    )
