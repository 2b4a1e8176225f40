"""Logins as they are said on the command line: nothing but names of variables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.config.named import Setting
from shared.errors import UserError


def login_of(said: str) -> dict[str, object]:
    """Return a login as dlt declares it; every part that is secret is the name of a variable.

    Raises:
        UserError: It is none.
    """
    kind, *words = said.split(":")
    try:
        if kind == "bearer":
            (token,) = words
            return {"type": "bearer", "token": setting_of(token)}
        if kind == "basic":
            user, *password = words
            secret: Setting | str = setting_of(password[0]) if password and password[0] else ""
            return {"type": "http_basic", "username": setting_of(user), "password": secret}
        if kind == "api-key":
            name, *where, variable = words
            location = where[0] if where else "header"
            if location not in ("header", "query", "cookie") or len(where) > 1 or not name:
                raise ValueError
            return {"type": "api_key", "name": name, "api_key": setting_of(variable), "location": location}
        if kind == "oauth2":
            url, client, secret_name = words
            return {
                "type": "oauth2_client_credentials",
                "access_token_url": setting_of(url),
                "client_id": setting_of(client),
                "client_secret": setting_of(secret_name),
            }
    except ValueError:
        pass
    raise UserError(
        "not a login",
        hint="bearer:VARIABLE, basic:USER[:PASSWORD], api-key:NAME[:header|query]:VARIABLE or "
        "oauth2:TOKEN_URL:ID:SECRET, each the name of an environment variable, never a secret itself",
    )


def setting_of(name: str) -> Setting:
    """Return the setting of a name.

    Raises:
        ValueError: It is no variable's name, so it may be a secret.
    """
    if not re.fullmatch("[A-Z][A-Z0-9_]{0,99}", name):
        raise ValueError
    return Setting(name)


def credentials_of(given: Sequence[str]) -> dict[str, Setting]:
    """Return credentials as `Files` has them.

    Raises:
        UserError: One is not the name of a variable.
    """
    found = {}
    for each in given:
        name, _, variable = each.partition("=")
        try:
            found[name] = setting_of(variable)
        except ValueError:
            raise UserError(
                "a credential that is no variable's name", hint="as in --credential aws_access_key_id=SHOP_S3_ID"
            ) from None
    return found
