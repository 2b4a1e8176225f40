"""The whole demo with the warehouse on the local PostgreSQL server, its ERP included."""

from __future__ import annotations

import subprocess

from shared.config import Settings
from shared.utils.console import say
from shared.workspace.environments import nested_run
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
        command, variables = nested_run(settings.root, "default", "demo")
        return subprocess.run(command, cwd=settings.root, env={**variables, **urls}, check=False).returncode
    finally:
        if not ran_before and server.stop():
            say("the server is stopped again, as it was; `./pixiw run postgres-start` starts it")
