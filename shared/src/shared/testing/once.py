"""Make once what every worker of a parallel test run needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.utils import locks

PATIENCE_SECONDS = 1200.0


def make_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that the first worker to come has made, while the others wait for it.

    Args:
        tmp_path_factory: pytest's; its temporary folder is one for the whole run.
        name: The folder's name in it.
        make: Makes the folder that it is given; the next worker tries again where it fails.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        assert locks.take(lock.fileno(), seconds=PATIENCE_SECONDS), f"another worker is still at it: {name}"
        if not folder.exists():
            draft = base / f"{name}.part"
            shutil.rmtree(draft, ignore_errors=True)
            make(draft)
            draft.rename(folder)
    return folder
