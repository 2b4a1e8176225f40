"""A webhook and a collector of lineage that want their clients ill: only their status counts, and time is bounded."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from uuid import UUID

import pytest
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from pydantic import SecretStr

from shared.errors import SourceUnavailable
from shared.monitoring.alerts.alert import Alert
from shared.monitoring.alerts.webhook import WebhookSink
from shared.monitoring.lineage.client import Client
from shared.monitoring.lineage.collector import Collector, NotTaken
from shared.testing import hostile_acts as act
from shared.testing.hostile_server import Behaviour, serving

SECONDS = 0.6
LONGEST_SECONDS = 5.0
ALERT = Alert("failed", "step ingest", "no answer", datetime(2026, 1, 1))
EVENT = RunEvent(
    eventType=RunState.START,
    eventTime=datetime.now(timezone.utc).isoformat(),
    run=Run(str(UUID(int=1))),
    job=Job("ours", "ingest"),
    producer="https://example.com",
)
TAKEN = {
    "endless": act.endless_body,
    "bomb": act.bomb("gzip"),
    "trickled": act.trickled_body,
    "cut": act.cut,
    "html": act.text("<html>"),
}
NOT_TAKEN = {
    "trickled-headers": act.trickled_headers,
    "endless-headers": act.endless_headers,
    "redirect-bomb": act.redirect_bomb,
    "endless-failure": act.endless_failure,
    "silent": act.hang,
    "reset": act.reset,
}
MODES = [pytest.param(behaviour, name in TAKEN, id=name) for name, behaviour in {**TAKEN, **NOT_TAKEN}.items()]


@pytest.mark.parametrize(("behaviour", "is_taken"), MODES)
def test_hostile_webhook(behaviour: Behaviour, is_taken: bool) -> None:
    """An alert is taken where the status says so, whatever follows it, and an error in short time otherwise."""
    begun = time.monotonic()
    with serving(behaviour) as server:
        sink = WebhookSink(SecretStr(f"http://{server.host}/hush-hush"), timeout=SECONDS, sleep=lambda _: None)
        if is_taken:
            sink.send(ALERT)
        else:
            with pytest.raises(SourceUnavailable) as raised:
                sink.send(ALERT)
            assert "hush" not in raised.value.message
    assert time.monotonic() - begun < LONGEST_SECONDS


@pytest.mark.parametrize(("behaviour", "is_taken"), MODES)
def test_hostile_collector(behaviour: Behaviour, is_taken: bool) -> None:
    """The same holds for events of lineage."""
    begun = time.monotonic()
    with serving(behaviour) as server:
        client = Client(Collector(f"http://{server.host}", "api/v1/lineage", None, SECONDS))
        if is_taken:
            client.send(EVENT)
        else:
            with pytest.raises(NotTaken):
                client.send(EVENT)
    assert time.monotonic() - begun < LONGEST_SECONDS
