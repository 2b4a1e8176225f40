"""The webhook: what it gets, and what happens where it does not answer well."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme
from alert_servers import TOKEN, Webhook, closed_port, serving_webhook, silent_server
from pydantic import SecretStr

from shared.config import Settings
from shared.errors import ConfigurationError, SourceUnavailable
from shared.monitoring.alerts.alert import Alert
from shared.monitoring.alerts.webhook import WebhookSink, check_url

ALERT = Alert("failed", "step ingest", "no answer", datetime(2026, 1, 1), hint="wait", details={"tries": "3"})
BUSY: tuple[int, dict[str, str]] = (500, {})


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Serve a webhook."""
    with serving_webhook() as webhook:
        yield webhook


@pytest.fixture
def waits() -> list[float]:
    """Return the seconds that the sink has waited between attempts, which no test does."""
    return []


@pytest.fixture
def sink(webhook: Webhook, waits: list[float]) -> WebhookSink:
    """Return a sink to the webhook."""
    return WebhookSink(SecretStr(webhook.url), sleep=waits.append)


def test_payload(sink: WebhookSink, webhook: Webhook) -> None:
    """The webhook gets the alert as text and as blocks of plain text."""
    sink.send(ALERT)
    (payload,) = webhook.payloads
    assert payload["text"].startswith(
        "failed: step ingest\nno answer\nhint: wait\ntries: 3\n2026-01-01 00:00:00 UTC on "
    )
    header, *sections = payload["blocks"]
    assert header == {"type": "header", "text": {"type": "plain_text", "text": "failed: step ingest", "emoji": False}}
    assert [section["text"]["text"] for section in sections][:3] == ["no answer", "hint: wait", "tries: 3"]


def test_text_mentions_nobody(sink: WebhookSink, webhook: Webhook) -> None:
    """Markup in a message is shown and not obeyed, so that no message calls the whole channel."""
    sink.send(Alert("failed", "<!here>", "<!channel> a & b", datetime(2026, 1, 1)))
    (payload,) = webhook.payloads
    assert "<" not in payload["text"]
    assert "&lt;!channel&gt; a &amp; b" in payload["text"]
    assert payload["blocks"][1]["text"] == {"type": "plain_text", "text": "<!channel> a & b", "emoji": False}


def test_429_then_fine(sink: WebhookSink, webhook: Webhook, waits: list[float]) -> None:
    """A server that asks to wait is asked again after the time that it names."""
    webhook.answers = [(429, {"Retry-After": "3"})]
    sink.send(ALERT)
    assert (len(webhook.payloads), waits) == (2, [3])


def test_long_wait_is_bounded(sink: WebhookSink, webhook: Webhook, waits: list[float]) -> None:
    """A run does not wait an hour for a server, whether it asks so in seconds or by a date; nonsense is not heeded."""
    later = format_datetime(datetime.now(timezone.utc) + timedelta(hours=1))
    for retry_after in ("3600", later, "nan and more"):
        webhook.answers = [(429, {"Retry-After": retry_after})]
        sink.send(ALERT)
    assert waits == [20, 20, 1]


@pytest.mark.parametrize("retry_after", ["nan", "inf", "-1"])
def test_odd_wait_is_harmless(sink: WebhookSink, webhook: Webhook, waits: list[float], retry_after: str) -> None:
    """A number that is no length of time leads to a wait within the bounds."""
    webhook.answers = [(429, {"Retry-After": retry_after})]
    sink.send(ALERT)
    assert all(0 <= wait <= 20 for wait in waits)


def test_three_times_500(sink: WebhookSink, webhook: Webhook, waits: list[float]) -> None:
    """A server that fails is asked three times with growing pauses, and then it is a failure that may pass."""
    webhook.answers = [BUSY] * 3
    with pytest.raises(SourceUnavailable, match="the webhook answered: `500`"):
        sink.send(ALERT)
    assert (len(webhook.payloads), waits) == (3, [1, 4])


def test_refusal_is_not_repeated(sink: WebhookSink, webhook: Webhook, waits: list[float]) -> None:
    """An answer that will not change is taken at once."""
    webhook.answers = [(404, {})]
    with pytest.raises(SourceUnavailable, match="the webhook answered: `404`"):
        sink.send(ALERT)
    assert (len(webhook.payloads), waits) == (1, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(sink: WebhookSink, webhook: Webhook, status: int) -> None:
    """A redirect is a failure, and the host that it names gets nothing."""
    with serving_webhook() as elsewhere:
        webhook.answers = [(status, {"Location": elsewhere.url})]
        with pytest.raises(SourceUnavailable, match=f"redirects, which is not followed: `{status}`"):
            sink.send(ALERT)
        assert elsewhere.payloads == []


def test_nobody_listens() -> None:
    """A server that is down is a failure that says so."""
    with pytest.raises(SourceUnavailable, match=r"cannot be reached.*refused"):
        WebhookSink(SecretStr(f"http://127.0.0.1:{closed_port()}/{TOKEN}")).send(ALERT)


def test_slow_server() -> None:
    """A server that never answers is given up."""
    with silent_server() as port, pytest.raises(SourceUnavailable, match=r"cannot be reached: .*timed out"):
        WebhookSink(SecretStr(f"http://127.0.0.1:{port}/{TOKEN}"), timeout=0.2).send(ALERT)


def test_certificate_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over https nothing is sent to a server whose certificate nobody vouches for; with the authority known it is."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving_webhook(context) as webhook:
        sink = WebhookSink(SecretStr(webhook.url))
        with pytest.raises(SourceUnavailable, match=r"cannot be reached.*certificate verify failed"):
            sink.send(ALERT)
        assert webhook.payloads == []
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        sink.send(ALERT)
        assert len(webhook.payloads) == 1


def test_proxy_does_not_see_what_stays_here(
    sink: WebhookSink, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes to this machine goes there directly, whatever proxy the environment names."""
    with serving_webhook() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        sink.send(ALERT)
        assert (len(webhook.payloads), proxy.payloads) == (1, [])


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"http://hooks.example.com/{TOKEN}", "unencrypted"),
        (f"http://127.0.0.1.example.com/{TOKEN}", "unencrypted"),
        (f"http://10.0.0.1/{TOKEN}", "unencrypted"),
        (f"ftp://hooks.example.com/{TOKEN}", "not a web address"),
        (f"file:///{TOKEN}", "not a web address"),
        (f"https://hooks.example.com:many/{TOKEN}", "not a web address"),
        (f"https://user:{TOKEN}@hooks.example.com/", "not a web address"),
        (f"https://hooks.example.com/\n{TOKEN}", "not a web address"),
        (f"https://hooks.example.com/ {TOKEN}", "not a web address"),
        (f"https://[::1/{TOKEN}", "not a web address"),
        (TOKEN, "not a web address"),
    ],
)
def test_address_that_may_not_be_used(url: str, problem: str) -> None:
    """Plain http is for this machine alone; an address that is none is refused; no message holds it."""
    with pytest.raises(ConfigurationError, match=problem) as raised:
        check_url(url)
    assert raised.value.hint
    assert TOKEN not in str(raised.value) + str(raised.value.hint)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.3.2.1:8080"])
def test_plain_http_to_this_machine(host: str) -> None:
    """Plain http may be used where it does not leave the machine."""
    check_url(f"http://{host}/{TOKEN}")


def test_url_is_not_shown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the sink's description nor its representation holds the URL."""
    monkeypatch.setenv("ALERT_WEBHOOK_URL", f"https://hooks.example.com/{TOKEN}")
    sink = WebhookSink.from_settings(settings)
    assert sink
    shown: Callable[[str], bool] = lambda text: "hooks.example" in text or TOKEN in text  # noqa: E731
    assert not shown(repr(sink)) and not shown(sink.describe())
