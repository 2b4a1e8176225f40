"""The commands: check, test, status. And that nothing ever shows a secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_servers import TOKEN, MailServer, Webhook, closed_port, serving_mail, serving_webhook

from shared.command_line import command
from shared.config import get_settings
from shared.monitoring.alerts import Alerts
from shared.monitoring.alerts.__main__ import main
from shared.monitoring.alerts.mail import MailSettings
from shared.monitoring.alerts.webhook import WebhookSettings

# A login without TLS is what these tests want, on this machine.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")

PASSWORD = "correct horse battery staple"


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Webhook, MailServer]]:
    """Serve a webhook and e-mail with a login, and name them in the settings."""
    with serving_webhook() as webhook, serving_mail(auth_required=True, auth_require_tls=False) as mail:
        mail.login = ("platform", PASSWORD)
        given = {
            "WEBHOOK_URL": webhook.url,
            "EMAIL_TO": "ops@example.com",
            "EMAIL_FROM": "platform@example.com",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mail.port),
            "SMTP_SECURITY": "none",
            "SMTP_USER": "platform",
            "SMTP_PASSWORD": PASSWORD,
            "FILE": "alerts.jsonl",
        }
        for name, value in given.items():
            monkeypatch.setenv(f"ALERT_{name}", value)
        yield webhook, mail


def test_check_with_nothing_on(capsys: pytest.CaptureFixture[str]) -> None:
    """`check` says what is off too."""
    assert command(main, ["check"]) == 0
    assert capsys.readouterr().out == "log: on\nfile: off\nwebhook: off\ne-mail: off\nreminder: after 1 d\n"


def test_check(servers: tuple[Webhook, MailServer], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check` says where alerts go."""
    assert command(main, ["check"]) == 0
    assert capsys.readouterr().out == (
        f"log: on\nfile: `{project}/alerts.jsonl`\nwebhook: http\n"
        f"e-mail: to ops@example.com by 127.0.0.1:{servers[1].port} (none)\nreminder: after 1 d\n"
    )


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("ALERT_EMAIL_TO", "ops@example.com", "set ALERT_EMAIL_FROM and ALERT_SMTP_HOST, or unset"),
        ("ALERT_SMTP_PASSWORD", PASSWORD, "set ALERT_EMAIL_TO and ALERT_EMAIL_FROM and ALERT_SMTP_HOST, or unset"),
        ("ALERT_WEBHOOK_URL", f"http://hooks.example.com/{TOKEN}", "use https"),
        ("ALERT_REMINDER_HOURS", "-1", "input should be greater than 0; correct the environment variable"),
    ],
)
def test_check_of_half_a_configuration(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, hint: str
) -> None:
    """For `check` a setting that cannot be used is the user's mistake, with a hint."""
    monkeypatch.setenv(name, value)
    assert command(main, ["check"]) == 2
    assert f"hint: {hint}" in capsys.readouterr().err


def test_test_message(servers: tuple[Webhook, MailServer], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`test` sends a message through each sink, and leaves no state."""
    webhook, mail = servers
    assert command(main, ["test"]) == 0
    assert capsys.readouterr().out == "log: written\nfile: sent\nwebhook: sent\ne-mail: sent\n"
    assert webhook.titles == ["test: alerts"]
    assert [message["Subject"] for message in mail.messages] == ["test: alerts"]
    assert (project / "alerts.jsonl").read_text().count("\n") == 1
    assert get_settings().state_dir.exists() is False


def test_test_message_that_fails(
    servers: tuple[Webhook, MailServer], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`test` says what came of each sink, and exits 1 where one failed or cannot be used."""
    webhook, _ = servers
    webhook.answers = [(404, {})]
    monkeypatch.setenv("ALERT_EMAIL_FROM", "")
    assert command(main, ["test"]) == 1
    out = capsys.readouterr().out
    assert "file: sent\n" in out
    assert "webhook: failed: the webhook answered: `404`\n  hint: make a new address" in out
    assert "e-mail: failed: alerts by e-mail lack a setting: `ALERT_EMAIL_FROM`\n  hint: set ALERT_EMAIL_FROM" in out


def test_status(capsys: pytest.CaptureFixture[str]) -> None:
    """`status` shows what is failed and since when, and nothing that has recovered."""
    alerts = Alerts.from_settings(get_settings())
    alerts.failed("step ingest", "no answer\nfrom crm")
    alerts.failed("step ingest", "no answer\nfrom crm")
    alerts.failed("lab lab1", "no such file")
    alerts.succeeded("lab lab1")
    capsys.readouterr()
    assert command(main, ["status"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("step ingest: failed since ") and first.endswith("failures: 2")
    assert second == "  no answer from crm"


def test_status_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing is failed `status` says so."""
    assert command(main, ["status"]) == 0
    assert capsys.readouterr().out == "nothing is failed\n"


def test_secrets_are_nowhere(
    servers: tuple[Webhook, MailServer],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whatever succeeds or fails, no output, file, message or representation holds the URL or the password."""
    webhook, mail = servers
    shown: list[object] = [WebhookSettings(), MailSettings()]

    def everything(message: str) -> None:
        alerts = Alerts.from_settings(get_settings())
        shown.extend([alerts, alerts.sinks, alerts.problems])
        alerts.failed(f"step {message}", message, hint=message, details={message: message})
        shown.extend([alerts.failing(), alerts.test()])
        alerts.succeeded(f"step {message}", message)
        for arguments in (["check", "--debug"], ["test", "--debug"], ["status", "--debug"]):
            command(main, arguments)

    everything(f"cannot send to {webhook.url} as platform, {PASSWORD}")
    webhook.answers = [(302, {"Location": webhook.url}), (404, {}), (403, {})] * 3
    mail.login = ("platform", "another one since")
    everything(f"token {TOKEN}, password {PASSWORD}")
    monkeypatch.setenv("ALERT_WEBHOOK_URL", f"http://127.0.0.1:{closed_port()}/services/{TOKEN}")
    monkeypatch.setenv("ALERT_SMTP_PORT", str(closed_port()))
    everything("nobody listens")
    monkeypatch.setenv("ALERT_SMTP_PORT", "many")
    for url in (
        f"http://hooks.example.com/{TOKEN}",
        f"https://a:{TOKEN}@example.com",
        f"https://example.com/\n{TOKEN}",
    ):
        monkeypatch.setenv("ALERT_WEBHOOK_URL", url)
        everything("unusable settings")
    written = b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file())
    sent = repr(webhook.payloads) + repr([envelope.content for envelope in mail.envelopes])
    everywhere = "".join([written.decode(), sent, *capfd.readouterr(), *map(repr, shown), *map(str, shown)])
    assert "nobody listens" in everywhere and "***" in everywhere
    for secret in (TOKEN, PASSWORD, PASSWORD.replace(" ", "=20")):
        assert secret not in everywhere
