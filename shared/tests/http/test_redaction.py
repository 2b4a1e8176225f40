"""What may be shown of a text that holds secrets."""

from __future__ import annotations

import json
import logging
import time
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from shared.http.redaction import masked
from shared.redaction import redacted, redacted_values, shown_setting
from shared.redaction.records import redact_records


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ada:hush@host/a?page=2", "https://***@host/a?page=2"),
        ("https://ada@host:8/a", "https://***@host:8/a"),
        # pytest keeps a test's name in a variable, where this would be an address with a password.
        pytest.param(*["write postgresql://user:password@host/db"] * 2, id="example"),
        ("postgresql://ada:p@ss@host/db", "postgresql://***@host/db"),
        ("postgresql://ada:pa/s#s?@host/db", "postgresql://***@host/db"),
        ("https://host:8080/a/@b?c=d@e", "https://host:8080/a/@b?c=d@e"),
        ("https://host/a@b", "https://host/a@b"),
        ("`https://a:b@x/1`: not `https://c:d@y/2`", "`https://***@x/1`: not `https://***@y/2`"),
        ("https://host/a?access_token=abc&page=2", "https://host/a?access_token=***&page=2"),
        ("https://host/a?X-Amz-Signature=abc#b", "https://host/a?X-Amz-Signature=***"),
        ("`https://host/a?key=abc&sig=d%2Fe`: 401", "`https://host/a?key=***&sig=***`: 401"),
        ("url: /a?api_key=abc (refused)", "url: /a?api_key=*** (refused)"),
        ("password: `a b` for `ada`", "password: `***` for `ada`"),
        ('{"password": "a b", "key": "C-1"}', '{"password": "***", "key": "C-1"}'),
        ('{"token": "a\\"b", "said": "secret=a\\"b", "n": 1}', '{"token": "***", "said": "secret=***\\"b", "n": 1}'),
        (r'{"said": "{\"password\": \"a b\", \"n\": 1}"}', r'{"said": "{\"password\": \"***\", \"n\": 1}"}'),
        ('{"stats": {"pass": 0, "tokens": 1}, "credentials": null}',) * 2,
        ("PASS=40 WARN=0",) * 2,
        ('"password": "cut sho', '"password": *** sho'),
        ("password=12345678", "password=***"),
        ("host=h password='a b' dbname=d", "host=h password='***' dbname=d"),
        ("Authorization: Bearer abcdefgh.ijkl", "Authorization: Bearer ***"),
        ("the key `customer_id`: 3 checks passed: all", "the key `customer_id`: 3 checks passed: all"),
    ],
)
def test_secrets_of_a_text_are_hidden(text: str, shown: str) -> None:
    """User, password and what is named a secret are hidden wherever they stand, and nothing else is."""
    assert redacted(text) == shown


def test_secret_settings_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a secret variable holds, or the password of a URL in one, is hidden, a part of another secret too."""
    monkeypatch.setenv("SERVICE_TOKEN", "abcdef")
    monkeypatch.setenv("OTHER_SECRET", "abcdefghi")
    monkeypatch.setenv("SHOP_URL", "https://ada:h%2Fush-hush@host/")
    monkeypatch.setenv("SHORT_TOKEN", "no")
    assert redacted("no: abcdefghi, abcdef, h/ush-hush, h%2Fush-hush") == "no: ***, ***, ***, ***"


SECRET = "Mark/9 ü?+x"


def test_secret_is_hidden_in_each_of_its_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret is hidden as it is, percent-encoded, in a program's quotes, and in base64 alone or within a login."""
    monkeypatch.setenv("OTHER_URL", f"postgresql://ada:{quote(SECRET, safe='')}@host/db")
    encoded = (b64encode(f"{user}{SECRET}".encode()).decode() for user in ("", "ada:", "adam:", "eve12:"))
    for form in (SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET), json.dumps(SECRET), *encoded):
        shown = redacted(f"got {form}: refused")
        assert "***" in shown
        assert not any(part in shown for part in ("Mark", "TWFyay", "9 ü", "%BC", "LzkgwLw"))
    assert redacted_values({"a": [f"x {SECRET}", 1], "b": None}) == {"a": ["x ***", 1], "b": None}


def test_secret_addresses_are_hidden_with_their_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an address that is a secret itself the longer parts are; of others a token as user or parameter."""
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "https://hooks.example.com/services/T0123456789/abcdefghijkl")
    monkeypatch.setenv("SHOP_API_URL", "https://tokenasuser@host/a?page=1234567&api_key=keyofquery")
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://somebody@host/db")
    shown = redacted("abcdefghijkl services hooks.example.com tokenasuser 1234567 keyofquery somebody")
    assert shown == "*** services hooks.example.com *** 1234567 *** somebody"


def test_setting_that_is_declared_secret_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting is secret by its declaration, whatever its name; a login without a scheme is not shown."""

    class OfATest(BaseSettings):
        pin_of_shop: SecretStr | None = None

    monkeypatch.setenv("PIN_OF_SHOP", "123456")
    assert redacted("pin 123456") == "pin ***"
    assert OfATest().pin_of_shop is not None
    assert shown_setting("PIN_OF_SHOP", "1") == shown_setting("CRM_API_URL", "ada:hush@host") == "***"
    assert shown_setting("CRM_API_URL", "ftp://ada:hush@host") == "ftp://***@host"


def test_records_of_libraries_are_redacted(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a library logs is redacted, its traceback too; a record that holds no secret stays as it was made."""
    monkeypatch.setattr(logging, "_logRecordFactory", logging.getLogRecordFactory())
    redact_records()
    redact_records()
    logger = logging.getLogger("a.library")
    try:
        raise ValueError("https://ada:hush@host")
    except ValueError:
        logger.exception("no answer: %s", "/a?token=abcdef")
    logger.warning("%d rows", 3)
    assert [record.getMessage() for record in caplog.records] == ["no answer: /a?token=***", "3 rows"]
    assert caplog.records[1].args == (3,)
    assert "hush" not in caplog.text
    assert "ValueError: https://***@host" in caplog.text


def test_error_is_shown_as_one_short_printable_line() -> None:
    """Of an error only the first line is shown, cut, without what a terminal would obey."""
    assert masked("\x1b[2Jno https://a:b@host\nmore") == " [2Jno https://***@host"
    assert masked("x" * 501) == "x" * 500 + "…"


@pytest.mark.parametrize(
    "part", ["x", "a://", "a://b:c/", "@", "token", "token=", "token='", "passw", "?key=", "bearer "]
)
def test_long_text_takes_no_time(part: str) -> None:
    """A text that is made to be searched for ever is redacted in no time."""
    begun = time.process_time()
    redacted(part * (200_000 // len(part)))
    assert time.process_time() - begun < 1
