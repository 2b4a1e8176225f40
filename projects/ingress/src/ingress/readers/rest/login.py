"""How requests are signed: by dlt's logins, with settings as secrets; tokens are fetched by the bounded client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from dlt.sources.helpers.rest_client.auth import AuthConfigBase, OAuth2ClientCredentials
from dlt.sources.rest_api.config_setup import create_auth
from requests.auth import AuthBase

from shared.config.named import settings_of, with_values
from shared.errors import ConfigurationError
from shared.http.bounds import HttpBounds
from shared.http.client import HttpClient
from shared.http.errors import NoAnswer
from shared.http.redaction import masked
from shared.http.session import ClientSession
from shared.redaction import guard

NO_TOKEN = ("", "None")


class Login(AuthBase):
    """Signs requests by what a source declares.

    Args:
        declared: As dlt's REST sources have it: `type`, and what that wants.

    Raises:
        ConfigurationError: It is no login, or a setting of it is not set.
    """

    def __init__(self, declared: Mapping[str, object], bounds: HttpBounds) -> None:
        values = with_values(declared)
        try:
            auth: Any = create_auth(values)  # type: ignore[arg-type]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigurationError(
                f"not a login: `{masked(str(error))}`", hint="declare it as dlt's REST sources do: type, token, …"
            ) from None
        self._auth: AuthConfigBase = auth
        self._names = [setting.name for setting in settings_of(declared)]
        if isinstance(auth, OAuth2ClientCredentials):
            auth.session = ClientSession(HttpClient(auth.access_token_url, bounds, netrc=False))

    def renew(self) -> bool:
        """Have a token fetched for the next request, and tell whether there is such a thing."""
        if not isinstance(self._auth, OAuth2ClientCredentials):
            return False
        self._auth.access_token = None
        return True

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request.

        Raises:
            NoAnswer: There is no token to be had.
        """
        try:
            signed: requests.PreparedRequest = self._auth(request)
            if isinstance(self._auth, OAuth2ClientCredentials):
                guard(token_of(self._auth))
        except (NoAnswer, requests.RequestException, ValueError, TypeError, AttributeError, ArithmeticError) as error:
            response = getattr(error, "response", None)
            reason = masked(str(error)) if response is None else f"it answers {response.status_code}"
            raise NoAnswer("Login", reason, passing=False, hint=f"look at {', '.join(self._names)}") from None
        return signed


def token_of(auth: OAuth2ClientCredentials) -> str:
    """Return the token that a server has given out.

    Raises:
        ValueError: It has given none, of which dlt takes no notice.
    """
    token = str(auth.access_token)
    if token in NO_TOKEN:
        raise ValueError("the answer has no `access_token`")
    return token
