"""How `ui` tells its web server who may use it: in its environment, as everybody can read a command line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from shared.web.access import Access

VARIABLE = "ORCHESTRATION_UI_ACCESS"
PRINTED = "The address that lets you in is printed in the terminal where `ui` was started. It is new with each start."


def as_variables(access: Access) -> Mapping[str, str]:
    """Return what the web server's environment has to hold."""
    return {VARIABLE: json.dumps([access.port, access.token, list(access.public)])}


def take_access() -> Access:
    """Take what `ui` tells out of the environment, which others may show.

    Raises:
        KeyError: It tells nothing, so nobody may be let in.
    """
    port, token, public = json.loads(os.environ.pop(VARIABLE))
    return Access(port, token, public, PRINTED)
