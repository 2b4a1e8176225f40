"""The CRM's API over real loopback HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.errors import InputError
from tasks.demo.crm_api import make_server
from tasks.tests.demo.client import ask, ask_until_served
from tasks.tests.demo.conftest import served

Send = Callable[..., tuple[int, Any]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the CRM keeps what it holds."""
    return tmp_path / "crm_received.json"


@pytest.fixture
def url(file: Path) -> Iterator[str]:
    """The address of an empty CRM."""
    with served(make_server(file)) as address:
        yield address


def send(url: str, key: str, *rows: object) -> tuple[int, Any]:
    """Send a batch."""
    body = json.dumps({"customers": rows}).encode()
    return ask_until_served(f"{url}/customers/batch", body, {"Idempotency-Key": key})


def held(url: str) -> list[dict[str, Any]]:
    """Return what the CRM holds."""
    customers: list[dict[str, Any]] = ask(f"{url}/customers")[1]["customers"]
    return customers


def test_batch_updates_and_rejects_row_by_row(url: str) -> None:
    """Good rows are kept, a row without a usable id is rejected with its reason, answers in the rows' order."""
    status, content = send(url, "k1", {"customer_id": "C-00001", "sales": 3}, {"sales": 4}, {"customer_id": 7}, "row",
                           {"customer_id": "C-00002"})  # fmt: skip
    assert status == 200
    assert [(one["customer_id"], one["status"]) for one in content["results"]] == [
        ("C-00001", "updated"), (None, "rejected"), (7, "rejected"), (None, "rejected"), ("C-00002", "updated"),
    ]  # fmt: skip
    assert content["results"][1]["reason"] == "customer_id is missing"
    assert content["results"][2]["reason"] == "customer_id is not of the form C-00000: `7`"
    assert content["results"][0]["reason"] is None
    assert held(url) == [{"customer_id": "C-00001", "sales": 3}, {"customer_id": "C-00002"}]
    assert ask(f"{url}/customers")[1]["total"] == 2


def test_later_batch_replaces_a_customer(url: str) -> None:
    """A customer sent again is replaced, not doubled."""
    send(url, "k1", {"customer_id": "C-00001", "sales": 3})
    send(url, "k2", {"customer_id": "C-00001", "sales": 5})
    assert held(url) == [{"customer_id": "C-00001", "sales": 5}]


def test_same_key_again_changes_nothing(url: str) -> None:
    """The same key and body get the stored answer, even after a newer batch, and change nothing."""
    old = {"customer_id": "C-00001", "sales": 3}
    first = send(url, "k1", old, {})
    send(url, "k2", {**old, "sales": 5})
    assert send(url, "k1", old, {}) == first
    assert held(url) == [{"customer_id": "C-00001", "sales": 5}]


def test_same_key_for_another_body_is_refused(url: str) -> None:
    """A key used again for other rows is a mistake of the sender's that is not carried out."""
    send(url, "k1", {"customer_id": "C-00001"})
    assert send(url, "k1", {"customer_id": "C-00002"})[0] == 422
    assert held(url) == [{"customer_id": "C-00001"}]


def test_survives_a_restart(url: str, file: Path) -> None:
    """Customers and answers given are there again when the CRM starts anew."""
    answer = send(url, "k1", {"customer_id": "C-00001"})
    with served(make_server(file)) as again:
        assert held(again) == [{"customer_id": "C-00001"}]
        assert send(again, "k1", {"customer_id": "C-00001"}) == answer
        assert send(again, "k1", {"customer_id": "C-00002"})[0] == 422


@pytest.mark.parametrize("body", [b'{"customers": [', b"\xff\xfe", b"[]", b'{"rows": []}', b'{"customers": {}}', b"x",
                                  b"[" * 100_000])  # fmt: skip
def test_malformed_body_is_refused(url: str, body: bytes) -> None:
    """A body that is not a batch is answered with 400 and a reason, and keeps nothing."""
    status, content = ask_until_served(f"{url}/customers/batch", body, {"Idempotency-Key": "k1"})
    assert (status, content["error"].startswith("the body ")) == (400, True)
    assert held(url) == []


def test_key_is_required(url: str) -> None:
    """A batch without Idempotency-Key is answered with 400."""
    body = b'{"customers": [{"customer_id": "C-00001"}]}'
    assert ask(f"{url}/customers/batch", body)[:2] == (400, {"error": "the header Idempotency-Key is missing"})


def test_refused_for_now_keeps_nothing(url: str) -> None:
    """Every fourth batch is a 429 with Retry-After that has kept nothing; reading is never refused."""
    statuses = []
    for number in range(1, 5):
        body = json.dumps({"customers": [{"customer_id": f"C-0000{number}"}]}).encode()
        statuses.append(ask(f"{url}/customers/batch", body, {"Idempotency-Key": str(number)})[::2])
    assert statuses == [(200, None)] * 3 + [(429, "1")]
    assert [row["customer_id"] for row in held(url)] == ["C-00001", "C-00002", "C-00003"]
    assert {ask(f"{url}/customers")[0] for _ in range(5)} == {200}


def test_senders_at_once_lose_nothing(url: str, file: Path) -> None:
    """Batches that arrive at the same time are all kept, in memory and in the file."""
    senders = [
        threading.Thread(target=send, args=(url, f"k{number}", {"customer_id": f"C-{number:05d}"}))
        for number in range(12)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(row["customer_id"] for row in held(url)) == [f"C-{number:05d}" for number in range(12)]
    assert len(json.loads(file.read_bytes())["customers"]) == 12


def test_write_that_fails_is_answered_and_keeps_nothing(url: str, file: Path) -> None:
    """When the CRM cannot keep a batch it answers 500, and the same batch succeeds once it can."""
    file.mkdir()
    assert send(url, "k1", {"customer_id": "C-00001"})[0] == 500
    assert held(url) == []
    file.rmdir()
    assert send(url, "k1", {"customer_id": "C-00001"})[0] == 200


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_file_of_somebody_else(file: Path, content: str) -> None:
    """A file that the CRM has not written is named and is not overwritten."""
    file.write_text(content)
    with pytest.raises(InputError, match=r"crm_received\.json"):
        make_server(file)
    assert file.read_text() == content
