"""File systems of tests' own: small ones, and ones that nothing can be written to."""

from __future__ import annotations

import shutil
from functools import cache

import pytest

from shared.utils.processes import run

PROBE_SECONDS = 30.0


@cache
def may_mount() -> tuple[str, ...]:
    """Return what to put before a shell command so that it may mount, or skip the test where nobody may."""
    for prefix in (("unshare", "--mount"), ("unshare", "--map-root-user", "--mount")):
        if shutil.which("unshare"):
            probe = [*prefix, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
            if run(probe, seconds=PROBE_SECONDS).returncode == 0:
                return prefix
    pytest.skip("neither root nor a user namespace may mount a tmpfs here")
