"""The parts of the client that a whole request does not show."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from shared.http.addresses import LeadsAway, followed
from shared.http.answers import Answer
from shared.http.bounds import HttpBounds
from shared.http.client import HttpClient
from shared.http.echoes import Echoes
from shared.http.errors import NoAnswer
from shared.http.retry_after import seconds_of
from shared.testing.hostile_server import Exchange, serving

LATER = format_datetime(datetime.now(timezone.utc) + timedelta(hours=1))
ROW = json.dumps({"customer_id": "C-1", "surname": "Brontë", "city": "Perth", "age": 41, "flat": 7, "is_new": True})


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("3", 3), ("1.5", 1.5), (" 2 ", 2), ("0", 0), ("86400", 20), (LATER, 20), ("1e9", 20)],
)
def test_wait_that_a_server_asks_for(retry_after: str, seconds: float) -> None:
    """Seconds, with a fraction too, and dates are heeded, up to a bound."""
    assert seconds_of(retry_after, 20) == seconds


@pytest.mark.parametrize(
    "retry_after", [None, "", "soon", "-5", "nan", "inf", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 99 Oct 99999 07:28:00"]
)
def test_wait_that_cannot_be_used(retry_after: str | None) -> None:
    """What names no time to come is not heeded."""
    assert seconds_of(retry_after, 20) is None


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/b?c=1", "http://host/b?c=1"),
        ("?page=2", "http://host/a?page=2"),
        ("http://host:80/b", "http://host:80/b"),
        ("HTTP://HOST/b", "http://host/b"),
        ("http://eve:x@host/b", "http://host/b"),
    ],
)
def test_link_on_the_same_host_is_followed(link: str, target: str) -> None:
    """Case and the usual port make no other host; a login in a link is left out."""
    assert followed("http://ada:hush@host/a?page=1", link) == target


@pytest.mark.parametrize(
    "link", ["https://host/b", "http://host:81/", "http://host@evil/", "http://h\u00f6st/", "a b", ""]
)
def test_link_elsewhere_is_not_followed(link: str) -> None:
    """Another scheme, port or host is another place, and what is unclear is none; an empty link is the same page."""
    if link:
        with pytest.raises(LeadsAway):
            followed("http://host/a", link)
    else:
        assert followed("http://host/a", link) == "http://host/a"


def test_reason_does_not_show_what_was_sent() -> None:
    """Values of the row are covered in any case, as JSON or addresses have them; key, words, single signs are not."""
    echoes = Echoes([ROW], shown=["customer_id"])
    said = "C-1: BRONT\u00cb, Bront\\u00eb (41) of perth, not Perthshire; true, 7\x1b[31m https://a:b@host"
    assert echoes.reason(said) == "C-1: ***, *** (***) of ***, not Perthshire; true, 7 [31m https://***@host"
    assert echoes.reason("PUT /Bront%c3%ab?city=perth&day=41") == "PUT /***?city=***&day=***"
    assert len(echoes.reason("x" * 100_000)) == 500


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"not now", "`not now`"),
        (b"<!doctype html>", "HTML of 15 bytes"),
        (b"<?xml version='1.0'?>", "XML of 21 bytes"),
        (b"", "nothing"),
        (b"\x00\x01", "data of 2 bytes"),
        (b"zo\xeb", "data of 3 bytes"),
        (json.dumps({"got": json.loads(ROW) | {"age": "Perth 41 Bront\u00eb"}, "surname": "C-1"}).encode(), "an echo"),
    ],
)
def test_what_is_shown_of_an_answer(body: bytes, shown: str) -> None:
    """Only a short text is shown as it is; a page, data or an echo shows its kind and length."""
    assert Echoes([ROW]).told(Answer("http://host/", 400, {}, body)).startswith(shown)


def test_proxy_and_netrc_are_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes to this machine takes no proxy, and a webhook's client sends no login that a file has for the host."""
    asked: list[Exchange] = []

    def take(exchange: Exchange) -> None:
        asked.append(exchange)
        exchange.reply({}, Set_Cookie="a=b")

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(take) as server, HttpClient(f"http://{server.host}", HttpBounds()) as client:
        assert client.get(f"http://{server.host}/").json() == {}
        assert client.get(f"http://{server.host}/").status == 200
    assert [exchange.headers.get("cookie") for exchange in asked] == [None, None]


def test_address_that_is_none_is_an_error() -> None:
    """A base that nobody can connect to is refused by the client's own error."""
    for base in ("http://[::1", "file:///etc/passwd", "http://"):
        with pytest.raises(NoAnswer, match="not an address"):
            HttpClient(base, HttpBounds())
