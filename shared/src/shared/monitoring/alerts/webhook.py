"""Alerts as Slack-compatible JSON to a web address, which is a secret: whoever knows it can write there."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from shared.config import Settings
from shared.config.settings import read_settings
from shared.errors import ConfigurationError, SourceUnavailable
from shared.http.hosts import is_loopback
from shared.monitoring.alerts.alert import Alert, cut
from shared.monitoring.alerts.sinks import ALERT_SETTINGS

if TYPE_CHECKING:
    from shared.http.answers import Answer

TIMEOUT_SECONDS = 10.0
# Before the second attempt and before the third, where the server names no time.
BACK_OFF_SECONDS = (1.0, 4.0)
# The run that alerts waits for it, so a server that asks for more is not waited for as long.
LONGEST_WAIT_SECONDS = 20.0
LONGEST_HEADER = 150
# Shorter parts of a URL are words.
SHORTEST_TOKEN = 16


class WebhookSettings(BaseSettings):
    """ALERT_WEBHOOK_URL: where to POST."""

    model_config = ALERT_SETTINGS
    alert_webhook_url: SecretStr | None = None


@dataclass(frozen=True)
class WebhookSink:
    """POSTs alerts to a URL; 429 and 5xx are tried again twice."""

    url: SecretStr
    timeout: float = TIMEOUT_SECONDS
    sleep: Callable[[float], None] = time.sleep
    name: str = "webhook"
    outside: bool = True

    @classmethod
    def from_settings(cls, _: Settings) -> WebhookSink | None:
        """Return the sink, or None where it is off.

        Raises:
            ConfigurationError: The URL is none, or would send the alert over a network in the clear.
        """
        url = read_settings(WebhookSettings).alert_webhook_url
        if url is None:
            return None
        check_url(url.get_secret_value())
        return cls(url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The URL, and the parts of it that are long enough to be a secret."""
        url = self.url.get_secret_value()
        return (url, *(part for part in re.split(r"[/?&=#]", url) if len(part) >= SHORTEST_TOKEN))

    def describe(self) -> str:
        """Say how, not where: even the host's name may be the secret."""
        return urlsplit(self.url.get_secret_value()).scheme

    def send(self, alert: Alert) -> None:
        """POST an alert.

        Raises:
            SourceUnavailable: It was not taken.
        """
        body = json.dumps(payload(alert)).encode()
        # Here and not above, as most processes tell nobody.
        from shared.http.client import PASSING
        from shared.http.retry_after import seconds_of

        answer = self._post(body)
        for pause in BACK_OFF_SECONDS:
            if answer.status not in PASSING:
                break
            asked = seconds_of(answer.headers.get("retry-after"), LONGEST_WAIT_SECONDS)
            self.sleep(pause if asked is None else asked)
            answer = self._post(body)
        if 300 <= answer.status < 400:
            raise SourceUnavailable(
                f"the webhook redirects, which is not followed: `{answer.status}`",
                hint="set ALERT_WEBHOOK_URL to the final address",
            )
        if not answer.is_success:
            raise SourceUnavailable(
                f"the webhook answered: `{answer.status}`",
                hint="run it again later" if answer.status in PASSING else "make a new address for ALERT_WEBHOOK_URL",
            )

    def _post(self, body: bytes) -> Answer:
        from shared.http.bounds import HttpBounds
        from shared.http.client import HttpClient
        from shared.http.errors import NoAnswer

        url = self.url.get_secret_value()
        bounds = HttpBounds(http_seconds=self.timeout, http_silence=self.timeout)
        try:
            with HttpClient(url, bounds, verify=known_authorities(), netrc=False) as client:
                return client.once("POST", url, body, {"Content-Type": "application/json"}, status_alone=True)
        except NoAnswer as error:
            raise SourceUnavailable(f"the webhook cannot be reached: {error.reason}") from None


def known_authorities() -> str | bool:
    """Return where the authorities are that this machine trusts, or whether to trust those that come with requests."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or True


def check_url(url: str) -> None:
    """Check that a URL may be sent to; no message holds it.

    Raises:
        ConfigurationError: It may not.
    """
    parts = split(url)
    if parts is None or parts.scheme not in ("https", "http"):
        raise ConfigurationError(
            "ALERT_WEBHOOK_URL is not a web address",
            hint="set it to the whole https://… address that the service gives",
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ConfigurationError(
            "ALERT_WEBHOOK_URL would send alerts unencrypted", hint="use https; http is for this machine alone"
        )


def split(url: str) -> SplitResult | None:
    """Return the parts of a URL that has a host, a sound port, no user, and nothing that a request cannot hold."""
    try:
        parts = urlsplit(url)
        sound = parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        return None
    return parts if sound and url.isascii() and url.isprintable() and " " not in url else None


def payload(alert: Alert) -> dict[str, Any]:
    """Return an alert as Slack takes it, and what copies Slack: blocks as plain text, which mentions nobody."""
    lines = "\n".join([alert.title, *alert.paragraphs])
    # `text` is for what shows no blocks. It is markup, so these three are escaped, or `<!channel>` calls everybody.
    text = lines.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    header = {"type": "header", "text": plain_text(cut(alert.title, LONGEST_HEADER))}
    sections = [{"type": "section", "text": plain_text(paragraph)} for paragraph in alert.paragraphs]
    return {"text": text, "blocks": [header, *sections]}


def plain_text(text: str) -> dict[str, Any]:
    """Return a text that is shown as it is."""
    return {"type": "plain_text", "text": text, "emoji": False}
