"""Install every environment of the workspace, some at a time, and show how long each took."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from rich.console import Console
from rich.table import Table

from shared.utils.processes import call, run
from shared.workspace.environments import nested_run
from shared.workspace.manifest import read_manifest
from tasks.environments import ROOT, on_pixi

# Unpacking all of it on a slow disk, and fetching it over a slow network.
SECONDS = 3600.0


def install(environment: str) -> tuple[int, float, str]:
    """Activate one environment, which installs it; returns exit code, seconds and what it said."""
    started = time.monotonic()
    # No word of pixi's own shell, such as `true`, which would run where the activation has failed.
    command, variables = nested_run(ROOT, environment, "python", "--version")
    result = run(command, seconds=SECONDS, cwd=ROOT, env=variables, together=True)
    return result.returncode, time.monotonic() - started, result.stdout


def main(argv: Sequence[str] | None = None) -> int:
    """Install all environments; 1 where one of them fails."""
    parser = argparse.ArgumentParser(prog="pixi run setup-all", description=__doc__)
    parser.parse_args(argv)
    console = Console(stderr=True)
    manifest = read_manifest(ROOT)
    if on_pixi():
        (pixi, *_), variables = nested_run(ROOT, "default")
        if code := call([pixi, "install", "--all"], cwd=ROOT, env=variables):
            return code
    table = Table("environment", "Python", "result", "seconds")
    failed = 0
    # Unpacking keeps a core busy, fetching waits: one more than there are cores.
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        futures = {pool.submit(install, name): name for name in manifest.environments}
        for done, future in enumerate(as_completed(futures), 1):
            name, (code, seconds, output) = futures[future], future.result()
            failed += code != 0
            result = "failed" if code else "ready"
            console.print(f"[{done}/{len(futures)}] {name}: {result} after {seconds:.1f} s", markup=False)
            if code:
                console.print(output.strip(), markup=False, highlight=False)
            table.add_row(name, manifest.environments[name].python() or "-", result, f"{seconds:.1f}")
    Console().print(table)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
