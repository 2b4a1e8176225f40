"""Alerts by e-mail."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timezone
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, make_msgid
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from shared.config import Settings
from shared.config.settings import read_settings
from shared.errors import ConfigurationError, SourceUnavailable
from shared.http.hosts import is_loopback
from shared.monitoring.alerts.alert import Alert, one_line
from shared.monitoring.alerts.sinks import ALERT_SETTINGS
from shared.monitoring.logs import log_event

TIMEOUT_SECONDS = 10.0
PORTS = {"starttls": 587, "tls": 465, "none": 25}
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")


class MailSettings(BaseSettings):
    """ALERT_EMAIL_TO, ALERT_EMAIL_FROM and ALERT_SMTP_*: to whom, from whom, and by which server."""

    model_config = ALERT_SETTINGS
    alert_email_to: str = ""
    alert_email_from: str = ""
    alert_smtp_host: str = ""
    alert_smtp_port: int | None = Field(default=None, ge=1, le=65_535)
    alert_smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    alert_smtp_user: str = ""
    alert_smtp_password: SecretStr | None = None


@dataclass(frozen=True)
class MailSink:
    """Sends alerts as plain text by an SMTP server.

    Attributes:
        security: `starttls` and `tls` check the server's certificate and never fall back to `none`.
    """

    to: tuple[Address, ...]
    sender: Address
    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    settings: Settings
    user: str = ""
    password: SecretStr | None = None
    timeout: float = TIMEOUT_SECONDS
    name: str = "e-mail"
    outside: bool = True

    @classmethod
    def from_settings(cls, settings: Settings) -> MailSink | None:
        """Return the sink, or None where it is off.

        Raises:
            ConfigurationError: Something is missing, or would send the password over a network in the clear.
        """
        given = read_settings(MailSettings)
        if not given.model_fields_set:
            return None
        check_complete(given)
        (sender, *others), security = addresses("ALERT_EMAIL_FROM", given.alert_email_from), given.alert_smtp_security
        if others:
            raise ConfigurationError("ALERT_EMAIL_FROM holds several addresses", hint="keep one of them")
        return cls(
            to=tuple(addresses("ALERT_EMAIL_TO", given.alert_email_to)),
            sender=sender,
            host=given.alert_smtp_host,
            port=given.alert_smtp_port or PORTS[security],
            security=security,
            settings=settings,
            user=given.alert_smtp_user,
            password=given.alert_smtp_password,
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password."""
        return (self.password.get_secret_value(),) if self.password else ()

    def describe(self) -> str:
        """Say to whom and by which server."""
        to = ", ".join(address.addr_spec for address in self.to)
        return f"to {to} by {self.host}:{self.port} ({self.security})"

    def send(self, alert: Alert) -> None:
        """Send an alert.

        Raises:
            SourceUnavailable: The server did not take it for any of the recipients.
        """
        message = self.message(alert)
        try:
            with self._server() as server:
                if self.password:
                    server.login(self.user, self.password.get_secret_value())
                refused = server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            # From None: what the server was told may be below it.
            raise SourceUnavailable(f"the mail server did not take it: {reason(error)}") from None
        if refused:
            log_event(self.settings, "alert refused for some recipients", sink=self.name, refused=sorted(refused))

    def message(self, alert: Alert) -> EmailMessage:
        """Return an alert as an e-mail."""
        message = EmailMessage()
        message["Subject"] = one_line(alert.title)
        message["From"] = self.sender
        message["To"] = self.to
        message["Date"] = format_datetime(alert.at.replace(tzinfo=timezone.utc))
        message["Message-ID"] = make_msgid(domain=self.sender.domain)
        # So that no absence note answers it.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(alert.paragraphs) + "\n")
        return message

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        if self.security == "tls":
            with smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context) as server:
                yield server
            return
        with smtplib.SMTP(self.host, self.port, timeout=self.timeout) as server:
            if self.security == "starttls":
                server.starttls(context=context)
            yield server


def check_complete(given: MailSettings) -> None:
    """Check that all is there that an e-mail needs.

    Raises:
        ConfigurationError: Something is not.
    """
    needed = ("alert_email_to", "alert_email_from", "alert_smtp_host")
    missing = [name.upper() for name in needed if not getattr(given, name)]
    if missing:
        raise ConfigurationError(
            f"alerts by e-mail lack a setting: `{', '.join(missing)}`",
            hint=f"set {' and '.join(missing)}, or unset every ALERT_EMAIL_ and ALERT_SMTP_ variable to do without",
        )
    if bool(given.alert_smtp_user) != bool(given.alert_smtp_password):
        raise ConfigurationError(
            "alerts by e-mail lack half of the login",
            hint="set both ALERT_SMTP_USER and ALERT_SMTP_PASSWORD, or neither",
        )
    if given.alert_smtp_user and given.alert_smtp_security == "none" and not is_loopback(given.alert_smtp_host):
        raise ConfigurationError(
            "ALERT_SMTP_SECURITY would send the password unencrypted: `none`",
            hint="use starttls or tls; a login without is for a server on this machine alone",
        )


def addresses(variable: str, text: str) -> list[Address]:
    """Return the addresses in a comma-separated list, each alone or as `Name <address>`.

    Raises:
        ConfigurationError: It holds something else, as a line break that would begin a header.
    """
    found = [pair for pair in getaddresses([text]) if any(pair)] if text.isprintable() else []
    try:
        if found and all(ADDRESS.fullmatch(address) for _, address in found):
            return [Address(display_name=name, addr_spec=address) for name, address in found]
    except (ValueError, MessageError):
        pass
    raise ConfigurationError(
        f"{variable} cannot be used: `{one_line(text)}`", hint="name e-mail addresses, separated by commas"
    )


def reason(error: Exception) -> str:
    """Return what a mail server's or a network's error says in one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"all recipients refused: {', '.join(sorted(error.recipients))}"
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        return one_line(f"{error.smtp_code} {text}")
    return one_line(str(error)) or type(error).__name__
