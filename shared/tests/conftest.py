"""Fixtures for the shared library: a project of its own in a temporary folder for each test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.config import Settings, get_settings
from shared.warehouse import Warehouse, open_warehouse

pytest_plugins = ["shared.testing.engines"]

SETTING_NAMES = ("DATA_DIR", "WAREHOUSE_URL", "WAREHOUSE_LOCK_TIMEOUT", "WAREHOUSE_MEMORY_LIMIT", "PGPASSFILE")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a temporary folder the project's root, so that no test touches the user's data."""
    for name in [*SETTING_NAMES, *(name for name in os.environ if name.startswith("ALERT_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def settings(project: Path) -> Settings:
    """Return settings that point into the temporary project."""
    return get_settings()


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[Warehouse]:
    """Open a new warehouse for writing, on each engine, as whoever writes raw."""
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as opened:
        yield opened


@pytest.fixture
def background() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start Python code in another process and wait until it prints its first line."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline(), "the process in the background ended before it was ready"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
