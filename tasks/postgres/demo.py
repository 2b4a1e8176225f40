"""The whole demo with the warehouse on the local PostgreSQL server, its ERP included."""

from __future__ import annotations

import os
import subprocess

from shared.config import Settings
from shared.utils.console import say
from tasks.postgres.local import WAREHOUSE, init, local_server
from tasks.postgres.seed import seed


def run_demo(settings: Settings) -> int:
    """Run the demo and return its exit code; the server runs afterwards if it ran before, and stands still if not."""
    server = local_server(settings)
    ran_before = server.port is not None
    try:
        where = init(settings)
        urls = {"WAREHOUSE_URL": where.url(WAREHOUSE), "ERP_URL": seed(where)}
        say("the demo, with " + " ".join(f"{name}={url}" for name, url in urls.items()))
        # The program that runs this task, pixi or pixiw, runs the other environments' too.
        runner = os.environ.get("PIXI_EXE") or str(settings.root / "pixiw")
        done = subprocess.run([runner, "run", "demo"], cwd=settings.root, env={**os.environ, **urls}, check=False)
        return done.returncode
    finally:
        if not ran_before and server.stop():
            say("the server is stopped again, as it was; `./pixiw run postgres-start` starts it")
