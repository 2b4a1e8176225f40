"""What may be shown of a text that holds secrets."""

from __future__ import annotations

import pytest

from shared.http.redaction import masked, redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ada:hush@host/a?page=2", "https://***@host/a?page=2"),
        ("https://ada@host:8/a", "https://***@host:8/a"),
        ("postgresql://ada:p@ss@host/db", "postgresql://***@host/db"),
        ("postgresql://ada:pa/s#s?@host/db", "postgresql://***@host/db"),
        ("https://host:8080/a/@b?c=d@e", "https://host:8080/a/@b?c=d@e"),
        ("https://host/a@b", "https://host/a@b"),
        ("`https://a:b@x/1`: not `https://c:d@y/2`", "`https://***@x/1`: not `https://***@y/2`"),
        ("https://host/a?access_token=abc&page=2", "https://host/a?access_token=***&page=2"),
        ("https://host/a?X-Amz-Signature=abc#b", "https://host/a?X-Amz-Signature=***"),
        ("`https://host/a?key=abc&sig=d%2Fe`: 401", "`https://host/a?key=***&sig=***`: 401"),
        ("url: /a?api_key=abc (refused)", "url: /a?api_key=*** (refused)"),
        ("password: `a b` for `ada`", "password: *** for `ada`"),
        ('{"password": "a b", "key": "C-1"}', '{"password": ***, "key": "C-1"}'),
        ("host=h password='a b' dbname=d", "host=h password=*** dbname=d"),
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


def test_error_is_shown_as_one_short_printable_line() -> None:
    """Of an error only the first line is shown, cut, without what a terminal would obey."""
    assert masked("\x1b[2Jno https://a:b@host\nmore") == " [2Jno https://***@host"
    assert masked("x" * 501) == "x" * 500 + "…"
