"""Everything that a server may do to whoever sends rows to it; the modes are in `shared.testing.hostile`."""

from __future__ import annotations

import json
import time

import pytest

from egress.engine.errors import TargetRefused, TargetUnavailable
from egress.kinds.rest.api import RestApi
from egress.kinds.rest.calls import Caller
from egress.kinds.rest.rows import Row
from egress.targets.crm import TARGET as CRM
from shared.http.bounds import HttpBounds
from shared.testing.hostile import MODES
from shared.testing.hostile_mode import GOOD, Mode
from shared.testing.hostile_server import serving

ROWS: dict[str, dict[str, str | None]] = {
    "C-1": {"surname": "Okonkwo", "city": "Perth", "postcode": "6000", "born": "1980-01-31"},
    "C-2": {"surname": "Brontë", "city": "Cairns", "postcode": "4870", "born": None},
}
TEXTS = {key: json.dumps({"customer_id": key, **row}) for key, row in ROWS.items()}
SENT = [Row(key, "", "", None, text, text, CRM.path) for key, text in TEXTS.items()]
BOUNDS = HttpBounds(
    http_answer_bytes=100_000,
    http_redirects=3,
    http_tries=2,
    http_backoff=0,
    http_wait=0.05,
)
LONGEST_SECONDS = 8.0


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.target], ids=lambda mode: mode.name)
def test_hostile_target(mode: Mode, capfd: pytest.CaptureFixture[str]) -> None:
    """Rows are confirmed, or it is an error in short time that shows neither the password nor what was sent."""
    begun = time.monotonic()
    said = ""
    bounds = BOUNDS.model_copy(update={"http_seconds": mode.seconds, "http_silence": mode.seconds})
    with (
        serving(mode.behaviour) as server,
        RestApi(f"http://ada:hush@{server.host}", bounds, "CRM_API_URL") as api,
    ):
        outcome = Caller(CRM.call(), api, "test", CRM.model.key).send(SENT)
        if outcome.error is None:
            assert str(len([each for each in outcome.said if each.taken])) == mode.target
        else:
            assert isinstance(outcome.error, (TargetUnavailable, TargetRefused))
            said = outcome.error.message
            assert str(mode.target) in said
            assert outcome.error.hint
            assert len(said) < 1_000
            assert said.isprintable()
    assert bool(said) == (mode.target != GOOD)
    said += "".join(capfd.readouterr())
    assert not [secret for secret in ("hush", "Okonkwo", "Bront", "Perth", "1980-01-31") if secret in said]
    assert time.monotonic() - begun < LONGEST_SECONDS
