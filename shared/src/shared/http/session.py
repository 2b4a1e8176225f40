"""A session of requests for libraries that want one: what they send goes through the bounded client."""

from __future__ import annotations

from typing import Any

import requests
from requests.structures import CaseInsensitiveDict

from shared.http.answers import Answer
from shared.http.client import HttpClient


class AnsweredResponse(requests.Response):
    """An answer as requests would give it: whole, and its JSON as we read JSON."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer
        self.url, self.status_code = answer.url, answer.status
        self.headers = CaseInsensitiveDict(answer.headers)
        self._content = answer.body

    def json(self, **options: Any) -> Any:
        """Return the answer's JSON; how it is read is not for the library to say."""
        return self.answer.json()


class ClientSession(requests.Session):
    """Sends by a client, which knows the host, its login, and the bounds of all."""

    def __init__(self, client: HttpClient) -> None:
        super().__init__()
        self.client = client
        # They are the client's to say: names and logins of the environment too.
        self.headers.clear()
        self.trust_env = False

    def send(self, request: requests.PreparedRequest, **options: Any) -> AnsweredResponse:
        """Send a request; what a library says of redirects, patience and proxies does not count.

        Raises:
            NoAnswer: There is no answer, after all tries.
        """
        url, headers = str(request.url), {name: str(value) for name, value in request.headers.items()}
        if request.method == "POST":
            body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
            return AnsweredResponse(self.client.send("POST", url, body, headers))
        return AnsweredResponse(self.client.get(url, headers=headers))
