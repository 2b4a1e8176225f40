"""What the units of systemd start: their own commands with their own variables, where no systemd runs."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "infra/systemd"


def settings(unit: str, name: str) -> list[str]:
    """Return the values of a setting of a unit."""
    return re.findall(rf"^{name}=(.*)$", (UNITS / unit).read_text("utf-8"), re.MULTILINE)


def start(unit: str, data: Path, **given: str) -> subprocess.Popen[str]:
    """Start what a unit starts, with its paths in this repository and a data folder of the test's own."""
    (line,) = settings(unit, "ExecStart")
    words = shlex.split(line.replace("/opt/data-platform", str(ROOT)))
    variables = " ".join(settings(unit, "Environment")).replace("/var/lib/data-platform", str(data))
    env = {"PATH": f"{ROOT}/.pixi/uv/bin:{os.environ['PATH']}", "PIXIW_BACKEND": "uv", **given}
    env |= dict(word.split("=", 1) for word in shlex.split(variables))
    return subprocess.Popen(
        words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def test_poll_runs_on_a_machine_without_sources(tmp_path: Path) -> None:
    """What the timer starts each minute ends well where nothing is set up, and keeps to the data folder."""
    process = start("data-platform-poll.service", tmp_path)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert (tmp_path / ".data-platform").is_file()


def test_stopping_a_unit_interrupts_its_command(tmp_path: Path) -> None:
    """The signal by which a unit is stopped ends its command as an interrupt does, whatever it waits for."""
    (name,) = settings("data-platform-flow.service", "KillSignal")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(120)
        source = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = start("data-platform-flow.service", tmp_path, LOYALTY_API_URL=source)
        # The source is asked, and never answers.
        asked, _ = silent.accept()
        with asked:
            process.send_signal(signal.Signals[name])
            output, _ = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGINT, output


@pytest.mark.parametrize("timer", sorted(path.name for path in UNITS.glob("*.timer")))
def test_a_timer_catches_nobody_unprepared(timer: str) -> None:
    """Each timer's service is started once and bounded in time, and is enabled by nobody else."""
    service = timer.replace(".timer", ".service")
    assert settings(service, "Type") == ["oneshot"]
    assert settings(service, "TimeoutStartSec")
    assert not settings(service, "WantedBy")
