"""Sends events by OpenLineage's own client. Only the sender's thread imports this."""

from __future__ import annotations

from typing import Any

import requests
from openlineage.client.event_v2 import RunEvent
from openlineage.client.serde import Serde
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider
from urllib3.exceptions import HTTPError

from shared.http.errors import NoAnswer
from shared.http.transport import BoundedSession, Watch
from shared.monitoring.lineage.collector import Collector, NotTaken

# Of an answer only the status counts: its body is read to keep the connection, and no further.
MOST_ANSWER_BYTES = 65_536
MOST_EVENT_BYTES = 1_000_000


class Session(BoundedSession):
    """Posts to the collector and to nobody else: follows no redirect, and takes no login from a file."""

    def __init__(self, collector: Collector) -> None:
        super().__init__(Watch(collector.seconds, MOST_ANSWER_BYTES, collector.seconds))
        # What goes to this machine must not take the way over a proxy.
        self.trust_env = not collector.is_here
        # Without one, a login that ~/.netrc has for the host would take the place of the key.
        self.auth = lambda request: request

    def post(self, *arguments: Any, **options: Any) -> requests.Response:
        """Post, and read as much of the answer as counts."""
        response = super().post(*arguments, **options, allow_redirects=False, stream=True)
        try:
            response.raw.read(MOST_ANSWER_BYTES)
        except (NoAnswer, HTTPError):
            response.close()
        return response


class Client:
    """Sends to a collector what there is to say of runs."""

    def __init__(self, collector: Collector) -> None:
        auth = ApiKeyTokenProvider({"api_key": collector.api_key}) if collector.api_key else TokenProvider({})
        config = HttpConfig(
            url=collector.url,
            endpoint=collector.endpoint,
            timeout=collector.seconds,
            auth=auth,
            session=Session(collector),
            retry={"total": 0},
        )
        self._seconds = collector.seconds
        # Not the client's outer class: it copies the key into the environment, reads files of other tools, and adds
        # the address of the git repository, with a login where there is one in it.
        self._transport = HttpTransport(config)

    def send(self, event: RunEvent) -> None:
        """Send an event.

        Raises:
            NotTaken: The collector does not answer, or does not take it.
        """
        try:
            status = self._transport.emit(fitting(event)).status_code
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
        except (requests.Timeout, NoAnswer):
            raise NotTaken(f"the collector does not answer within {self._seconds:g} s") from None
        except requests.RequestException as error:
            raise NotTaken(f"the collector cannot be reached: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise NotTaken(f"the collector answers: {status}")


def fitting(event: RunEvent) -> RunEvent:
    """Leave out of an event what makes it too long: first where columns come from, then the columns."""
    for facet in ("columnLineage", "schema"):
        if len(Serde.to_json(event)) <= MOST_EVENT_BYTES:
            break
        for dataset in [*(event.inputs or ()), *(event.outputs or ())]:
            (dataset.facets or {}).pop(facet, None)
    return event
