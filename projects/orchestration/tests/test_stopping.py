"""Signals that ask `ui` to end."""

from __future__ import annotations

import subprocess
import sys

# A second signal after each line of what the first one does.
INTERRUPTED = """
import os, signal, sys
from orchestration.supervise.stopping import signals_noted
stopped = signals_noted()
left = 50
def interrupt(frame, event, argument):
    global left
    if event == "line" and left:
        left -= 1
        os.kill(os.getpid(), signal.SIGTERM)
    return interrupt
sys.settrace(interrupt)
os.kill(os.getpid(), signal.SIGINT)
print(*sorted(set(stopped)))
"""


def test_signals_that_come_together_do_not_wait_for_one_another() -> None:
    """A signal that comes while another one is handled is noted, and neither keeps the process from ending."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.split() == ["2", "15"]
