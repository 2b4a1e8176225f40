"""Alerts by e-mail, through a real SMTP server."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from alert_servers import MailServer, closed_port, serving_mail, silent_server

from shared.config import Settings
from shared.errors import ConfigurationError, SourceUnavailable
from shared.monitoring.alerts.alert import Alert
from shared.monitoring.alerts.alerts import Alerts
from shared.monitoring.alerts.mail import MailSink

# A login without TLS is what these tests want, on this machine.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")

AT = datetime(2026, 1, 1, 8)
ALERT = Alert("failed", "step ingest", "no answer", AT, hint="wait")


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a server's certificate for 127.0.0.1 that this process trusts."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return context


@pytest.fixture
def sink_to(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes a sink to a port of this machine."""

    def make(port: int, security: str = "none", **more: str) -> MailSink:
        given = {"EMAIL_TO": "ops@example.com", "EMAIL_FROM": "platform@example.com", "SMTP_HOST": "127.0.0.1"}
        for name, value in {**given, "SMTP_PORT": str(port), "SMTP_SECURITY": security, **more}.items():
            monkeypatch.setenv(f"ALERT_{name}", value)
        sink = MailSink.from_settings(settings)
        assert sink
        return sink

    return make


def only(server: MailServer) -> EmailMessage:
    """Return the one message that came."""
    (message,) = server.messages
    return message


def text_of(message: EmailMessage) -> str:
    """Return what a message says, with the line ends of a text."""
    return str(message.get_content()).replace("\r\n", "\n")


def test_plain(sink_to: Any) -> None:
    """An alert comes as plain text, to each recipient, from whom it should, marked so that no machine answers it."""
    with serving_mail() as server:
        sink_to(server.port, EMAIL_TO="ops@example.com, On Call <call@example.com>").send(ALERT)
    message = only(server)
    assert message["Subject"] == "failed: step ingest"
    assert message["From"] == "platform@example.com"
    assert message["To"] == "ops@example.com, On Call <call@example.com>"
    assert message["Date"] == "Thu, 01 Jan 2026 08:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert text_of(message).startswith("no answer\n\nhint: wait\n\n2026-01-01 08:00:00 UTC on ")
    assert server.envelopes[0].rcpt_tos == ["ops@example.com", "call@example.com"]


def test_unicode_and_line_breaks(sink_to: Any, settings: Settings) -> None:
    """Any language comes through in subject and text, and a line break in the subject begins no header."""
    with serving_mail() as server:
        alerts = Alerts(settings, [sink_to(server.port)])
        alerts.failed("step größe\r\nBcc: thief@example.com\n\nbody", "日本語 🚨\r\nlast line " + "ü" * 2_000)
    message = only(server)
    assert message["Subject"] == "failed: step größe Bcc: thief@example.com body"
    assert message["Bcc"] is None
    assert text_of(message).startswith("日本語 🚨\nlast line üüü")
    assert server.envelopes[0].rcpt_tos == ["ops@example.com"]


def test_starttls_with_login(sink_to: Any, certificate: ssl.SSLContext) -> None:
    """With starttls the login and the message go encrypted."""
    with serving_mail(tls_context=certificate, require_starttls=True, auth_required=True) as server:
        user, password = server.login
        sink_to(server.port, "starttls", SMTP_USER=user, SMTP_PASSWORD=password).send(ALERT)
    assert (server.encrypted, server.logins) == ([True], [user])


def test_tls_with_login(sink_to: Any, certificate: ssl.SSLContext) -> None:
    """With tls the connection is encrypted from its beginning."""
    # aiosmtpd sees no TLS of its own here, though the whole connection is within one.
    with serving_mail(ssl_context=certificate, auth_required=True, auth_require_tls=False) as server:
        user, password = server.login
        sink_to(server.port, "tls", SMTP_USER=user, SMTP_PASSWORD=password).send(ALERT)
    assert (len(server.messages), server.logins) == (1, [user])


def test_starttls_does_not_fall_back(sink_to: Any) -> None:
    """A server without STARTTLS gets nothing where it was asked for."""
    with serving_mail() as server, pytest.raises(SourceUnavailable, match=r"did not take it.*STARTTLS"):
        sink_to(server.port, "starttls").send(ALERT)
    assert server.messages == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_certificate_is_checked(
    sink_to: Any, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    """A server whose certificate nobody vouches for gets neither login nor message."""
    monkeypatch.delenv("SSL_CERT_FILE")
    options = {"tls_context": certificate} if security == "starttls" else {"ssl_context": certificate}
    with serving_mail(**options) as server, pytest.raises(SourceUnavailable, match="certificate verify failed"):
        sink_to(server.port, security, SMTP_USER="platform", SMTP_PASSWORD="secret").send(ALERT)
    assert (server.messages, server.logins) == ([], [])


def test_wrong_password_is_said(sink_to: Any) -> None:
    """A login that is refused is a failure with the server's own words, without the password."""
    with serving_mail(auth_required=True, auth_require_tls=False) as server:
        with pytest.raises(SourceUnavailable, match=r"535 5.7.8") as raised:
            sink_to(server.port, SMTP_USER="platform", SMTP_PASSWORD="not the pass phrase").send(ALERT)
        assert "not the pass" not in str(raised.value)
    assert server.messages == []


def test_some_recipients_refused(sink_to: Any) -> None:
    """An alert that one of the recipients gets is sent; one that nobody gets is a failure that names them."""
    with serving_mail() as server:
        server.refused = ("gone@example.com",)
        sink_to(server.port, EMAIL_TO="gone@example.com,ops@example.com").send(ALERT)
        assert len(server.messages) == 1
        with pytest.raises(SourceUnavailable, match=r"all recipients refused: gone@example.com"):
            sink_to(server.port, EMAIL_TO="gone@example.com").send(ALERT)


def test_nobody_listens(sink_to: Any) -> None:
    """A server that is down is a failure that says so."""
    with pytest.raises(SourceUnavailable, match=r"did not take it: .*refused"):
        sink_to(closed_port()).send(ALERT)


def test_slow_server(sink_to: Any) -> None:
    """A server that never says a word is given up."""
    with silent_server() as port, pytest.raises(SourceUnavailable, match=r"did not take it: .*timed out"):
        replace(sink_to(port), timeout=0.2).send(ALERT)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"SMTP_HOST": ""}, "lack a setting: `ALERT_SMTP_HOST`"),
        ({"EMAIL_TO": "", "EMAIL_FROM": ""}, "lack a setting: `ALERT_EMAIL_TO, ALERT_EMAIL_FROM`"),
        ({"EMAIL_TO": "ops"}, "ALERT_EMAIL_TO cannot be used: `ops`"),
        ({"EMAIL_TO": "ops@./"}, "ALERT_EMAIL_TO cannot be used"),
        ({"EMAIL_TO": "größe@example.com"}, "ALERT_EMAIL_TO cannot be used"),
        ({"EMAIL_TO": " , "}, "ALERT_EMAIL_TO cannot be used"),
        ({"EMAIL_TO": "ops@example.com,team"}, "ALERT_EMAIL_TO cannot be used"),
        ({"EMAIL_TO": "ops@example.com\nBcc: thief@example.com"}, "ALERT_EMAIL_TO cannot be used"),
        ({"EMAIL_FROM": "a@example.com, b@example.com"}, "ALERT_EMAIL_FROM holds several addresses"),
        ({"SMTP_PORT": "70000"}, "ALERT_SMTP_PORT cannot be used: `70000`"),
        ({"SMTP_SECURITY": "ssl"}, "ALERT_SMTP_SECURITY cannot be used: `ssl`"),
        ({"SMTP_USER": "platform"}, "lack half of the login"),
        ({"SMTP_PASSWORD": "secret"}, "lack half of the login"),
        (
            {"SMTP_HOST": "mail.example.com", "SMTP_USER": "platform", "SMTP_PASSWORD": "secret"},
            "would send the password unencrypted",
        ),
    ],
)
def test_settings_that_cannot_be_used(sink_to: Any, given: dict[str, str], problem: str) -> None:
    """What is missing, is no address, or would show the password on the network is an error with a hint."""
    with pytest.raises(ConfigurationError, match=problem) as raised:
        sink_to(25, **given)
    assert raised.value.hint


def test_default_port_follows_security(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a port the one that is usual for the kind of encryption is taken; starttls is the default."""
    for name in ("EMAIL_TO", "EMAIL_FROM"):
        monkeypatch.setenv(f"ALERT_{name}", "ops@example.com")
    monkeypatch.setenv("ALERT_SMTP_HOST", "mail.example.com")
    found = []
    for security in ("", "tls", "none"):
        monkeypatch.setenv("ALERT_SMTP_SECURITY", security)
        sink = MailSink.from_settings(settings)
        assert sink
        found.append((sink.security, sink.port))
    assert found == [("starttls", 587), ("tls", 465), ("none", 25)]
