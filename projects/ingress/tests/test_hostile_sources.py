"""Everything that a server may do to whoever reads a list from it; the modes are in `shared.testing.hostile`."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from ingress.readers.rest import pages
from ingress.readers.rest.reader import Rest
from ingress.source import Resource
from shared.config import get_settings
from shared.data_quality import RowModel
from shared.errors import SourceUnavailable, UserError
from shared.testing import hostile_acts
from shared.testing.hostile import MODES
from shared.testing.hostile_mode import GOOD, Mode
from shared.testing.hostile_server import Behaviour, Exchange, item, serving

BOUNDS = {
    "HTTP_ANSWER_BYTES": "100000",
    "HTTP_REDIRECTS": "3",
    "HTTP_PAGES": "20",
    "HTTP_ROWS": "1000",
    "HTTP_LIST_BYTES": "1000000",
    "HTTP_READINGS": "2",
    "RUNTIME__REQUEST_MAX_ATTEMPTS": "2",
    "RUNTIME__REQUEST_BACKOFF_FACTOR": "0",
    "RUNTIME__REQUEST_MAX_RETRY_DELAY": "0.05",
}
LONGEST_SECONDS = 8.0
# What is imported only when somebody reads is no part of the seconds and bytes that are measured here.
assert pages
LIST = Rest(
    "ITEMS_URL",
    "/list",
    paginator={"type": "json_link", "next_url_path": "next"},
    rows="data",
    total="total",
    parameters={"page": 1, "page_size": 500},
)


class Item(RowModel):
    """A row of the list."""

    id: str
    name: str | None


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set narrow bounds."""
    for name, value in BOUNDS.items():
        monkeypatch.setenv(name, value)


def read(behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch, login: str = "") -> list[str]:
    """Read a list from a server that behaves so, and return the ids of its rows."""
    resource = Resource("items", "items", Item, ("id",), LIST, contract="evolve")
    with serving(behaviour) as server:
        monkeypatch.setenv("ITEMS_URL", f"http://{login}{server.host}")
        found = resource.reader.read(resource, get_settings(), [])
        return [key for batch in found.batches for key in batch.good["id"].to_pylist()]


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.source], ids=lambda mode: mode.name)
def test_hostile_source(mode: Mode, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """A list is read whole, or is an error that names the address, in short time and without the password."""
    monkeypatch.setenv("HTTP_SECONDS", str(mode.seconds))
    monkeypatch.setenv("RUNTIME__REQUEST_TIMEOUT", str(mode.seconds))
    begun = time.monotonic()
    said = ""
    try:
        ids = read(mode.behaviour, monkeypatch, "ada:hush@")
        assert (str(len(ids)), ids) == (mode.source, ["I-1", "I-2"])
    except (SourceUnavailable, UserError) as error:
        said = f"{error.message} {error.hint}"
        assert str(mode.source) in error.message, error.message
        assert error.hint
        assert len(error.message) < 1_000
        assert error.message.isprintable()
    assert bool(said) == (mode.source != GOOD)
    assert "hush" not in said + "".join(capfd.readouterr())
    assert time.monotonic() - begun < LONGEST_SECONDS


@pytest.mark.parametrize(
    "behaviour",
    [hostile_acts.bomb("gzip"), hostile_acts.chunked_bomb, hostile_acts.endless_body],
    ids=["bomb", "chunked bomb", "endless"],
)
def test_long_answer_takes_little_memory(behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 MB that unpack, no more is in memory than the bound allows, and a little."""
    hostile_acts.blanks("gzip")
    tracemalloc.start()
    try:
        with pytest.raises(SourceUnavailable, match="more than 100,000 bytes"):
            read(behaviour, monkeypatch)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_memory_holds_a_page_and_not_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of 6 MB is read within less than half of that: what is read is on disk until the last page is there."""
    monkeypatch.setenv("HTTP_LIST_BYTES", "10000000")
    monkeypatch.setenv("HTTP_PAGES", "90")
    monkeypatch.setattr("ingress.readers.spool.MEMORY_BYTES", 100_000)

    def long_list(asked: Exchange) -> None:
        following = asked.link(asked.page + 1) if asked.page < 80 else None
        asked.reply({"data": [item(asked.page, name="x" * 80_000)], "next": following})

    tracemalloc.start()
    try:
        assert len(read(long_list, monkeypatch)) == 80
        assert tracemalloc.get_traced_memory()[1] < 2_500_000
    finally:
        tracemalloc.stop()


def test_login_goes_to_every_page_of_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login in the address is sent with each page, although the links to them do not have it."""
    logins: list[str] = []

    def two_pages(asked: Exchange) -> None:
        logins.append(asked.headers.get("authorization", ""))
        asked.reply({"data": [item(asked.page)], "next": asked.link(2) if asked.page == 1 else None})

    assert read(two_pages, monkeypatch, "ada:h%2Fush@") == ["I-1", "I-2"]
    assert logins == ["Basic YWRhOmgvdXNo"] * 2


def test_columns_of_all_pages_are_columns_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that a later page brings is null in the rows of earlier ones."""

    def growing(asked: Exchange) -> None:
        more = {"one": 1} if asked.page == 1 else {"two": {"a": 2}}
        asked.reply({"data": [item(asked.page, **more)], "next": asked.link(2) if asked.page == 1 else None})

    resource = Resource("items", "items", Item, ("id",), LIST, contract="evolve")
    with serving(growing) as server:
        monkeypatch.setenv("ITEMS_URL", f"http://{server.host}")
        found = resource.reader.read(resource, get_settings(), [])
        rows = [(batch.order, *batch.good.select(["one", "two"]).to_pylist()) for batch in found.batches]
    assert rows == [(0, {"one": "1", "two": None}), (1, {"one": None, "two": '{"a": 2}'})]


def test_server_that_does_not_encrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another protocol answers than was asked for, that is an error, and is not tried again."""
    with serving(hostile_acts.nothing) as server:
        monkeypatch.setenv("ITEMS_URL", f"https://{server.host}")
        resource = Resource("items", "items", Item, ("id",), LIST)
        with pytest.raises(SourceUnavailable, match="does not answer: SSLError"):
            resource.reader.read(resource, get_settings(), [])
