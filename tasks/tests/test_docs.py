"""`docs-serve`: the documentation's server, with a small site."""

from __future__ import annotations

import os
import select
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.web.address import split_token
from shared.workspace.environments import interpreter

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve a site of one page, and give what is printed."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# First words\n")
    (tmp_path / "zensical.toml").write_text('[project]\nsite_name = "T"\ndocs_dir = "docs"\nsite_dir = "site"\n')
    line = [str(interpreter(ROOT, "docs")), "-m", "tasks.docs", "--port", "0"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(line, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            ready, _, _ = select.select([server.stdout], [], [], PATIENCE)
            yield server.stdout.readline().strip() if ready else ""
        finally:
            server.terminate()


def asked(url: str, token: str | None, host: str | None = None) -> tuple[int, str]:
    """Return status and page of an address, as soon as somebody answers there."""
    headers = ({"Authorization": f"Bearer {token}"} if token else {}) | ({"Host": host} if host else {})
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except urllib.error.URLError:
            assert time.monotonic() < deadline, "nobody answers"
            time.sleep(0.1)


@pytest.mark.slow
def test_documentation_is_served_to_who_has_the_address(address: str, tmp_path: Path) -> None:
    """The printed address shows the pages, newly built when one has changed; other hosts and no token get nothing."""
    server, token = split_token(address)
    status, page = asked(f"{server}/", token)
    assert status == 200 and "First words" in page
    status, page = asked(f"{server}/", None)
    assert status == 403 and "where `docs-serve` was started" in page
    assert asked(f"{server}/", token, "evil.example")[0] == 400
    (tmp_path / "docs" / "index.md").write_text("# Other words\n")
    deadline = time.monotonic() + PATIENCE
    while "Other words" not in asked(f"{server}/", token)[1]:
        assert time.monotonic() < deadline, "it was not built again"
        time.sleep(0.2)
