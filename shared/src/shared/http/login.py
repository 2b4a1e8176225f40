"""How requests are signed, by declaration: as dlt's REST sources have it, with settings as secrets."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlencode

import requests
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from requests.auth import HTTPBasicAuth
from typing_extensions import Self

from shared.config.named import settings_of, with_values
from shared.errors import ConfigurationError
from shared.http.answers import NotText
from shared.http.bounds import HttpBounds
from shared.http.client import HttpClient, Signer
from shared.http.errors import NoAnswer
from shared.http.redaction import masked
from shared.redaction import guard
from shared.utils.strict_json import NotJson

# A token is not used in its last seconds: a request takes some.
SPARE_SECONDS = 20.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def in_a_header(text: str) -> str:
    """Return a text that can stand in a header.

    Raises:
        ValueError: It cannot.
    """
    if not (text.isascii() and text.isprintable()):
        raise ValueError("a line break, or a sign beyond ASCII, which no header can hold")
    return text


HeaderText = Annotated[str, Field(min_length=1), AfterValidator(in_a_header)]


class Way(BaseModel):
    """A way to sign a request; each sign is one header or parameter."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def secrets(self) -> tuple[str, ...]:
        """Return what nobody may see of it."""
        raise NotImplementedError

    def sign(self, request: requests.PreparedRequest) -> None:
        """Sign a request."""
        raise NotImplementedError


class Bearer(Way):
    """A token that does not change."""

    type: Literal["bearer"]
    token: HeaderText

    def secrets(self) -> tuple[str, ...]:
        """Return the token."""
        return (self.token,)

    def sign(self, request: requests.PreparedRequest) -> None:
        """Say the token."""
        request.headers["Authorization"] = f"Bearer {self.token}"


class Basic(Way):
    """User and password; some APIs have a key for the user, and no password."""

    type: Literal["http_basic"]
    username: str
    password: str

    def secrets(self) -> tuple[str, ...]:
        """Return the password, or the user where there is none."""
        return (self.password or self.username,)

    def sign(self, request: requests.PreparedRequest) -> None:
        """Say both."""
        HTTPBasicAuth(self.username.encode(), self.password.encode())(request)


class ApiKey(Way):
    """A key under a name of the API's own."""

    type: Literal["api_key"]
    api_key: str = Field(min_length=1)
    name: str = "Authorization"
    location: Literal["header", "query", "param", "cookie"] = "header"

    @model_validator(mode="after")
    def fits(self) -> Self:
        """Refuse a key that cannot be where it belongs."""
        if self.location in ("header", "cookie"):
            in_a_header(self.api_key)
        return self

    def secrets(self) -> tuple[str, ...]:
        """Return the key."""
        return (self.api_key,)

    def sign(self, request: requests.PreparedRequest) -> None:
        """Say the key where the API wants it."""
        if self.location == "header":
            request.headers[self.name] = self.api_key
        elif self.location == "cookie":
            request.headers["Cookie"] = f"{self.name}={self.api_key}"
        else:
            request.prepare_url(str(request.url), {self.name: self.api_key})


class ClientCredentials(Way):
    """OAuth 2.0's client credentials: a token that is fetched, and again before it expires."""

    type: Literal["oauth2_client_credentials"]
    access_token_url: str
    client_id: str
    client_secret: str = Field(min_length=1)
    access_token_request_data: Mapping[str, str] = {}
    default_token_expiration: float = Field(default=3600, gt=0, description="seconds")

    def secrets(self) -> tuple[str, ...]:
        """Return the client's secret."""
        return (self.client_secret,)

    def request(self) -> bytes:
        """Return what asks for a token."""
        own = {"client_id": self.client_id, "client_secret": self.client_secret, "grant_type": "client_credentials"}
        return urlencode({**own, **self.access_token_request_data}).encode()


class Token(BaseModel):
    """A token as a server gives it out."""

    model_config = ConfigDict(hide_input_in_errors=True)

    access_token: HeaderText
    expires_in: float | None = Field(default=None, description="seconds")


class Tokens:
    """The token of a login: fetched by the bounded client, kept until it expires or is refused; for all threads."""

    def __init__(self, way: ClientCredentials, bounds: HttpBounds) -> None:
        self._way, self._bounds = way, bounds
        self._lock, self._used = threading.Lock(), threading.local()
        self._token, self._ends_at = "", 0.0

    def sign(self, request: requests.PreparedRequest) -> None:
        """Sign a request with the token of now.

        Raises:
            NoAnswer: There is none to be had.
        """
        with self._lock:
            if not self._token or time.monotonic() >= self._ends_at:
                self._fetch()
            self._used.token = self._token
        request.headers["Authorization"] = f"Bearer {self._used.token}"

    def forget(self) -> None:
        """Have another one fetched, unless that was done since this thread used its own."""
        with self._lock:
            if self._token == getattr(self._used, "token", ""):
                self._token = ""

    def _fetch(self) -> None:
        with HttpClient(self._way.access_token_url, self._bounds, netrc=False) as client:
            answer = client.send("POST", self._way.access_token_url, self._way.request(), FORM)
        if not answer.is_success:
            raise NoAnswer("Login", f"it answers {answer.status}", passing=False)
        try:
            found = Token.model_validate(answer.json())
        except (NotJson, NotText, ValidationError):
            raise NoAnswer("Login", "the answer has no `access_token` that can be used", passing=False) from None
        guard(found.access_token)
        lasts = found.expires_in or self._way.default_token_expiration
        self._token, self._ends_at = found.access_token, time.monotonic() + max(lasts - SPARE_SECONDS, lasts / 2)


Ways = Annotated[Bearer | Basic | ApiKey | ClientCredentials, Field(discriminator="type")]
WAYS: TypeAdapter[Ways] = TypeAdapter(Ways)


class Login(Signer):
    """Signs requests by what is declared; one for all clients of an API, in any thread.

    Args:
        declared: As dlt's REST sources have it: `type`, and what that wants.

    Raises:
        ConfigurationError: It is no login, or a setting of it is not set.
    """

    def __init__(self, declared: Mapping[str, object], bounds: HttpBounds) -> None:
        self._names = [setting.name for setting in settings_of(declared)]
        names = ", ".join(self._names)
        try:
            way = WAYS.validate_python(with_values(declared))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise ConfigurationError(
                f"not a login: `{where or 'type'}`: {masked(first['msg'])}",
                hint="declare it as dlt's REST sources do: type, token, …" + (f"; look at {names}" if names else ""),
            ) from None
        for secret in way.secrets():
            guard(secret)
        self._tokens = Tokens(way, bounds) if isinstance(way, ClientCredentials) else None
        self._signer = self._tokens or way

    def renew(self) -> bool:
        """Have a token fetched for the next request, and tell whether there is such a thing."""
        if self._tokens is None:
            return False
        self._tokens.forget()
        return True

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request.

        Raises:
            NoAnswer: There is no token to be had.
        """
        try:
            self._signer.sign(request)
        except (NoAnswer, requests.RequestException, ValueError) as error:
            reason = error.reason if isinstance(error, NoAnswer) else masked(str(error))
            raise NoAnswer("Login", reason, passing=False, hint=f"look at {', '.join(self._names)}") from None
        return request
