"""`docs-serve`: the documentation on this machine, built again when a page changes.

zensical's own server answers under any name and takes WebSockets from any page, so its build alone is used.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from starlette.staticfiles import StaticFiles

from shared.command_line import Parser, command
from shared.errors import PlatformError
from shared.utils.console import say
from shared.web.access import Access
from shared.web.address import new_token
from shared.web.local import serve
from shared.web.port import chosen

CONFIGURATION = Path("zensical.toml")
POLL_SECONDS = 1.0
BUILD_SECONDS = 300.0
PRINTED = "The address that lets you in is printed in the terminal where `docs-serve` was started."


def main(arguments: Sequence[str]) -> int:
    """Build the site of the current folder, print its address, and serve it until Ctrl-C."""
    port = chosen(parser().parse_args(arguments).port)
    project = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))["project"]
    seen = as_it_is(Path(project["docs_dir"]))
    build()
    threading.Thread(target=build_on_change, args=(Path(project["docs_dir"]), seen), daemon=True).start()
    site = StaticFiles(directory=project["site_dir"], html=True)
    serve(site, Access(port, new_token(), printed=PRINTED))
    return 0


def parser() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    top = Parser(prog="python -m tasks.docs", description="Serve the documentation on this machine, until Ctrl-C.")
    top.add_argument("--port", type=int, default=8000, metavar="N", help="0 takes a free one (default: 8000)")
    return top


def build() -> None:
    """Build the site.

    Raises:
        PlatformError: It can't be built.
    """
    line = [str(Path(sys.executable).parent / "zensical"), "build"]
    try:
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL, timeout=BUILD_SECONDS)
    except subprocess.SubprocessError as error:
        raise PlatformError("the site can't be built", hint="`./pixiw run docs` says why") from error


def build_on_change(folder: Path, seen: dict[Path, int]) -> None:
    """Build the site again whenever a page is other than it was seen; a failed build is tried at the next change."""
    while True:
        time.sleep(POLL_SECONDS)
        if (now := as_it_is(folder)) != seen:
            seen = now
            try:
                build()
                say("built again: reload the page")
            except PlatformError as error:
                say(f"{error}; {error.hint}")


def as_it_is(folder: Path) -> dict[Path, int]:
    """Return when each of the site's sources was changed."""
    return {path: path.stat().st_mtime_ns for path in (CONFIGURATION, *folder.rglob("*")) if path.is_file()}


if __name__ == "__main__":
    sys.exit(command(main))
