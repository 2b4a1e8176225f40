"""What a command tells of what it was started for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dagster_pipes import encode_param

from shared.config import Settings
from shared.errors import InputError, PlatformError
from shared.monitoring.alerts import Alerts
from shared.teller import Teller

FAILING = """
from shared.config import get_settings
from shared.errors import PlatformError
from shared.teller import Teller
with Teller(get_settings(), command="ingest run").telling("step ingest"):
    raise PlatformError("no answer from crm")
"""


@pytest.fixture
def teller(settings: Settings) -> Teller:
    """Return what a command tells by."""
    return Teller(settings, command="ingest run")


def failing(settings: Settings) -> list[str]:
    """Return what is failed now."""
    return [episode.subject for episode in Alerts.from_settings(settings).failing()]


def test_failure_is_told_with_command_and_hint(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error that ends the work is told as what it means, and not said where the command says it; its end is both."""
    monkeypatch.setenv("ALERT_FILE", str(tmp_path / "alerts.jsonl"))
    teller = Teller(settings, command="ingest run")
    with pytest.raises(ValueError), teller.telling("step ingest"):
        raise ValueError from InputError("no such column: `x`", hint="add it")
    assert capsys.readouterr().err == ""
    with teller.telling("step ingest"):
        pass
    assert capsys.readouterr().err.startswith("recovered: step ingest: ")
    failed, recovered = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert (failed["message"], failed["hint"], failed["details"]) == (
        "no such column: `x`",
        "add it",
        {"command": "ingest run"},
    )
    assert (recovered["kind"], recovered["subject"]) == ("recovered", "step ingest")


def test_failure_of_a_part_is_not_the_wholes(settings: Settings, teller: Teller) -> None:
    """What was told of a part is not told again of the whole, also not where another error was made of it."""
    with pytest.raises(PlatformError), teller.telling("step ingest"):
        try:
            with teller.telling("step ingest: crm"):
                raise InputError("no such file")
        except InputError as error:
            raise PlatformError("failed: crm") from error
    assert failing(settings) == ["step ingest: crm"]


def test_success_of_a_part_is_not_the_wholes(settings: Settings, teller: Teller) -> None:
    """Work that is only a part of its subject can fail it, but not end its failure."""
    with pytest.raises(PlatformError), teller.telling("step report", whole=False):
        raise PlatformError("no")
    with teller.telling("step report", whole=False):
        pass
    assert failing(settings) == ["step report"]


def test_ctrl_c_is_no_failure(settings: Settings, teller: Teller) -> None:
    """Nobody is told of what somebody has ended, also where a library has made another error of it."""
    with pytest.raises(RuntimeError), teller.telling("step ingest"):
        raise RuntimeError from KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), teller.telling("step ingest"):
        raise KeyboardInterrupt
    assert failing(settings) == []


def test_dagster_tells_of_what_it_has_started(settings: Settings, tmp_path: Path) -> None:
    """A process of Dagster's tells nothing, even where the channel to Dagster cannot be used."""
    context = encode_param(
        {"data": {"asset_keys": [], "extras": {}, "run_id": "1", "retry_number": 0, "job_name": "j"}}
    )
    for messages in (encode_param({"path": str(tmp_path / "messages")}), "broken"):
        pipes = {"DAGSTER_PIPES_CONTEXT": context, "DAGSTER_PIPES_MESSAGES": messages}
        done = subprocess.run([sys.executable, "-c", FAILING], env=os.environ | pipes, capture_output=True, text=True)
        assert "PlatformError: no answer from crm" in done.stderr
    assert failing(settings) == []
