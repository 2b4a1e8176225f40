"""An API that takes rows in batches and deletes them one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from apis import Api, Asked, Reply, serving

from egress.kinds.rest.answers import Answers
from egress.kinds.rest.api import RestApi
from egress.kinds.rest.bodies import LINES
from egress.kinds.rest.declared import Delete, Find, Job, OwnId, Refusals
from egress.kinds.rest.job_places import JobPlaces
from egress.kinds.rest.target import Rest
from kinds import BAD, MODEL, NOBODY, Place, Rows, Step, row


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
    steps: ClassVar[Sequence[Step]] = ((RestApi, "ask"),)
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
        for each in self._customers(asked):
            bad = self._refuses and each["surname"] == BAD
            if not bad:
                assert self._api.rows.get(each["entity_id"]) != each, "it was sent as it is"
                self._api.rows[each["entity_id"]] = each
            results.append({"id": each["entity_id"], "status": "refused" if bad else "taken", "reason": "is bad"})
        return 200, {"results": results}

    def _customers(self, asked: Asked) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = asked.json()["customers"]
        return rows

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


class OwnIdPlace(RestPlace):
    """An API that names rows by ids of its own, and knows no request again: a row is looked for before it is made."""

    name = "rest-own-ids"
    target = Rest(
        "place",
        MODEL,
        settings="PLACE",
        path="/customers",
        idempotency=None,
        refusals=Refusals((422,)),
        own_id=OwnId("id", "/customers/{own_id}", find=Find("/customers?key={entity_id}", "found.0.id")),
        mode="mirror",
        delete=Delete("/customers/{own_id}"),
    )

    def _reply(self, api: Api, asked: Asked) -> Reply:
        where = asked.path.rpartition("/")[2]
        if asked.method == "GET":
            key = where.partition("=")[2]
            return 200, {"found": [{"id": name} for name, each in api.rows.items() if each["entity_id"] == key]}
        if asked.method == "DELETE":
            return (204 if api.rows.pop(where, None) else 404), None
        row = asked.json()
        if self._refuses and row["surname"] == BAD:
            return 422, {"message": "is bad"}
        if asked.method == "PATCH":
            api.rows[where] = row
            return 200, None
        assert row["entity_id"] not in {each["entity_id"] for each in api.rows.values()}, "it was made twice"
        name = f"id.{len(api.asked)}"
        api.rows[name] = row
        return 201, {"id": name}

    def rows(self) -> Rows:
        """Return what the API holds, by our key."""
        held = self._api.rows.values()
        return dict(row(each["entity_id"], each["surname"], each["lifetime_sales"]) for each in held)


class JobPlace(RestPlace):
    """An API that takes lines of JSON, and says later what came of them."""

    name = "rest-jobs"
    target = Rest(
        "place",
        MODEL,
        settings="PLACE",
        path="/customers",
        rows=LINES,
        answers=Answers("results", key="id", taken=("taken",), refused=("refused",)),
        job=Job("job", "/jobs/{job_id}", "state", done=("done",)),
        mode="mirror",
        delete=Delete("/customers/{entity_id}"),
        chunk_rows=4,
    )
    steps = ((RestApi, "ask"), (JobPlaces, "keep"), (JobPlaces, "drop_rows"))

    def __init__(self) -> None:
        super().__init__()
        self._jobs: dict[str, Any] = {}

    def _reply(self, api: Api, asked: Asked) -> Reply:
        if asked.method == "GET":
            return 200, {"state": "done", **self._jobs[asked.path.rpartition("/")[2]]}
        key = asked.headers["idempotency-key"]
        status, said = super()._reply(api, asked)
        if asked.method == "DELETE":
            return status, said
        self._jobs[key] = said
        return 202, {"job": key}

    def _customers(self, asked: Asked) -> list[dict[str, Any]]:
        return [json.loads(line) for line in asked.body.splitlines()]


PLACES: tuple[type[Place], ...] = (RestPlace, OwnIdPlace, JobPlace)
