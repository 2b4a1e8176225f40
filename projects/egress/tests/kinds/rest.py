"""An API that takes rows in batches and deletes them one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from apis import Api, Asked, Reply, serving

from egress.kinds.rest.answers import Answers
from egress.kinds.rest.api import RestApi
from egress.kinds.rest.declared import Delete
from egress.kinds.rest.target import Rest
from kinds import BAD, MODEL, NOBODY, Place, Rows, row


class RestPlace(Place):
    """An API on loopback that knows a request again by its key."""

    name = "rest"
    target = Rest(
        "place",
        MODEL,
        settings="PLACE",
        path="/customers",
        rows="customers",
        answers=Answers("results", key="id", taken=("taken",), refused=("refused",)),
        mode="mirror",
        delete=Delete("/customers/{entity_id}"),
        chunk_rows=4,
    )
    steps = ((RestApi, "ask"),)
    whole = False

    def __init__(self) -> None:
        self._answers: dict[str, Reply] = {}
        self._refuses = False
        self._api: Api

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch, fixture: Callable[[str], Any]) -> Iterator[RestPlace]:
        """Begin to serve."""
        place = cls()
        with serving(place._reply) as place._api:
            patch.setenv("PLACE_API_URL", place._api.url)
            patch.setenv("PLACE_TRIES", "1")
            yield place

    def _reply(self, api: Api, asked: Asked) -> Reply:
        key = asked.headers["idempotency-key"]
        if key not in self._answers:
            self._answers[key] = self._deleted(asked) if asked.method == "DELETE" else self._taken(asked)
        return self._answers[key]

    def _deleted(self, asked: Asked) -> Reply:
        return (204 if self._api.rows.pop(asked.path.rpartition("/")[2], None) else 404), None

    def _taken(self, asked: Asked) -> Reply:
        results = []
        for each in asked.json()["customers"]:
            bad = self._refuses and each["surname"] == BAD
            if not bad:
                assert self._api.rows.get(each["entity_id"]) != each, "it was sent as it is"
                self._api.rows[each["entity_id"]] = each
            results.append({"id": each["entity_id"], "status": "refused" if bad else "taken", "reason": "is bad"})
        return 200, {"results": results}

    def rows(self) -> Rows:
        """Return what the API holds."""
        return dict(row(key, each["surname"], each["lifetime_sales"]) for key, each in self._api.rows.items())

    def traces(self) -> object:
        """Return how often it was asked."""
        return len(self._api.asked)

    @contextmanager
    def broken(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Name an address that nobody listens at."""
        patch.setenv("PLACE_API_URL", f"http://{NOBODY}")
        yield
        patch.setenv("PLACE_API_URL", self._api.url)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse rows in the answer."""
        self._refuses = True
        yield
        self._refuses = False


PLACES: tuple[type[Place], ...] = (RestPlace,)
