"""Errors as they may be handed on: short, and without what is secret."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from shared.monitoring.alerts.alert import cleaned, cut

LONGEST_ERROR = 500
SECRET_NAME = re.compile(r"PASSW|SECRET|TOKEN|API_?KEY|CREDENTIAL|WEBHOOK", re.IGNORECASE)
LOGIN = re.compile(r"://[^/\s]*@")
ASSIGNED = re.compile(r"(?i)([\w-]*(?:pass\w*|token|secret|api[_-]?key|signature))(\s*[=:]\s*)[^\s&]+")


def masked(error: str) -> str:
    """Return the first line of an error's text, cut, without what may be secret in it."""
    line = LOGIN.sub("://***@", error.strip().partition("\n")[0])
    return cut(cleaned(ASSIGNED.sub(r"\1\2***", line), _secrets()), LONGEST_ERROR)


def _secrets() -> Iterator[str]:
    for name, value in os.environ.items():
        if SECRET_NAME.search(name):
            yield value
        elif "://" in value and "@" in value:
            try:
                yield unquote(urlsplit(value).password or "")
            except ValueError:
                continue
