"""One client for sources, targets and alerts: bounded in everything, patient with what passes, loyal to one host."""

from __future__ import annotations

import http.client
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import TracebackType

import requests
from requests.auth import AuthBase
from requests.utils import get_auth_from_url
from typing_extensions import Self
from urllib3 import BaseHTTPResponse, HTTPResponse
from urllib3.exceptions import HTTPError, MaxRetryError

from shared.http.addresses import LeadsAway, followed, parsed, without_login
from shared.http.answers import Answer
from shared.http.bounds import HttpBounds
from shared.http.errors import NoAnswer, no_answer
from shared.http.hosts import is_loopback
from shared.http.pace import Pace
from shared.http.retry_after import Patience
from shared.http.transport import BoundedSession, Watch, too_long

CHUNK = 65_536
# What the body of a failure may say; the rest of it is not read.
FAILURE_BYTES = 65_536
# The other side's own troubles, and 429, pass.
PASSING = (429, *range(500, 600))
UNAUTHORIZED = 401
NONE: Mapping[str, str] = {}


class Signer(AuthBase):
    """Signs requests."""

    def renew(self) -> bool:
        """Sign otherwise than before from now on, where there is another way; asked when the host answers 401."""
        return False


class HttpClient:
    """Asks one host, to which alone its login goes.

    Args:
        base: Any address of the host, with a login where it wants one.
        passing: The statuses with which a request is tried again.
        tell: Is told of each try without success.
        verify: The authorities to trust, as requests takes them.
        netrc: Whether a login for the host may come from `~/.netrc`.
        auth: Signs each request, in place of a login.
        pace: How often to ask at most.

    Raises:
        NoAnswer: The base is no address.
    """

    def __init__(
        self,
        base: str,
        bounds: HttpBounds,
        *,
        passing: Collection[int] = PASSING,
        tell: Callable[[str], None] = lambda _: None,
        verify: bool | str = True,
        netrc: bool = True,
        auth: Signer | None = None,
        pace: Pace | None = None,
    ) -> None:
        try:
            host = parsed(base).host
        except LeadsAway as error:
            raise NoAnswer("InvalidURL", f"not an address: `{error}`", passing=False) from None
        self.bounds, self._passing, self._tell = bounds, passing, tell
        self._watch = Watch(bounds.http_seconds, bounds.http_answer_bytes, bounds.http_silence)
        self._session = BoundedSession(self._watch)
        self._verify = verify
        self._pace, self._auth = pace or Pace(None), auth
        # What goes to this machine must not take the way over a proxy.
        self._proxies = {"no_proxy": "*"} if is_loopback(host or "") else {}
        login = get_auth_from_url(base)
        if auth is not None:
            self._session.auth = auth
        elif any(login):
            self._session.auth = login
        elif not netrc:
            self._session.auth = lambda request: request

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def get(
        self, url: str, *, headers: Mapping[str, str] = NONE, is_whole: Callable[[Answer], bool] = lambda _: True
    ) -> Answer:
        """Fetch an address; redirects are followed on its own host.

        Args:
            headers: Sent besides those that every request has.
            is_whole: Tells whether a success is what it should be; another one, as one that was cut, is tried again.

        Returns:
            The answer, whatever its status; the last one where the tries have run out.

        Raises:
            NoAnswer: There is none, after all tries.
        """
        for _ in range(self.bounds.http_redirects + 1):
            answer = self._tried("GET", url, None, headers, is_whole)
            if answer.redirect is None:
                return answer
            try:
                url = followed(answer.url, answer.redirect)
            except LeadsAway as error:
                reason = f"it redirects to another host: `{error}`"
                hint = "set the address to the final one, if that is right"
                raise NoAnswer("Redirect", reason, passing=False, hint=hint) from None
        raise NoAnswer("Redirect", f"it redirects more than {self.bounds.http_redirects} times", passing=False)

    def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NONE,
        is_whole: Callable[[Answer], bool] = lambda _: True,
    ) -> Answer:
        """Send a body; a redirect is the answer, as it would arrive elsewhere, or as a GET without its body.

        Args:
            is_whole: As for `get`, where what is sent only asks.

        Raises:
            NoAnswer: There is none, after all tries.
        """
        return self._tried(method, url, body, headers, is_whole)

    def _tried(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        is_whole: Callable[[Answer], bool],
    ) -> Answer:
        bounds = self.bounds
        patience = Patience(
            total=bounds.http_tries - 1,
            allowed_methods=None,
            backoff_factor=bounds.http_backoff,
            backoff_max=bounds.http_wait,
            retry_after_max=math.ceil(bounds.http_wait),
        )
        while True:
            answer, failure = None, None
            try:
                answer = self._signed(method, url, body, headers)
                if answer.status not in self._passing and (not answer.is_success or is_whole(answer)):
                    return answer
                said = str(answer.status) if answer.status in self._passing else "an answer that is not whole"
            except NoAnswer as error:
                if not error.passing:
                    raise
                failure, said = error, error.kind
            try:
                patience = patience.increment(method, url, error=failure or HTTPError(said))
            except MaxRetryError:
                if answer is not None:
                    return answer
                assert failure is not None
                raise failure from None
            left = bounds.http_tries - len(patience.history)
            self._tell(f"no success ({said}), tries left: {left}")
            patience.sleep(waiting(answer))

    def _signed(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Send a request, and once more where its token was taken back before its time."""
        answer = self.once(method, url, body, headers)
        if answer.status == UNAUTHORIZED and self._auth is not None and self._auth.renew():
            return self.once(method, url, body, headers)
        return answer

    def once(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        status_alone: bool = False,
    ) -> Answer:
        """Send a request a single time.

        Args:
            status_alone: Whether the answer's body does not count, and is not read.

        Raises:
            NoAnswer: There is no answer.
        """
        bounds = self.bounds
        self._pace.keep()
        try:
            with self._session.request(
                method,
                without_login(url),
                data=body,
                headers=dict(headers or {}),
                timeout=min(bounds.http_silence, bounds.http_seconds),
                verify=self._verify,
                proxies=dict(self._proxies),
                stream=True,
                allow_redirects=False,
            ) as response:
                names = {name.lower(): value for name, value in response.headers.items()}
                answer = Answer(without_login(url), response.status_code, names, b"")
                if status_alone:
                    return answer
                most = bounds.http_answer_bytes if answer.is_success else FAILURE_BYTES
                return replace(answer, body=unpacked(response.raw, most, whole=answer.is_success))
        except LeadsAway as error:
            raise NoAnswer("InvalidURL", f"not an address: `{error}`", passing=False) from None
        except (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            # From None: what is below may hold the address with its login.
            raise no_answer(error) from None


def unpacked(raw: HTTPResponse, most: int, *, whole: bool) -> bytes:
    """Read a body, unpacking it bit by bit.

    Args:
        most: How many bytes may come out of it.
        whole: Whether more are an error; otherwise what follows is left unread.

    Raises:
        BoundExceeded: It is longer.
        NoAnswer: It is packed in a way that was not asked for.
    """
    packed = [name.strip().lower() for name in (raw.headers.get("Content-Encoding") or "").split(",")]
    unknown = [name for name in packed if name not in ("", "identity", *raw.CONTENT_DECODERS)]
    if unknown and whole:
        raise NoAnswer("ContentEncoding", f"an answer that is packed as `{unknown[0]}`", passing=False)
    parts: list[bytes] = []
    size = 0
    for part in raw.stream(CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > most:
            if whole:
                raise too_long(most)
            # What is left of it would be taken for the next answer.
            raw.close()
            break
    return b"".join(parts)[:most]


def waiting(answer: Answer | None) -> BaseHTTPResponse | None:
    """Return an answer as urllib3 takes it to wait for as long as it says."""
    return None if answer is None else HTTPResponse(headers=dict(answer.headers), status=answer.status)
