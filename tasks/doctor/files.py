"""Checks on every file of the repository: addresses, one machine's paths, size, line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.doctor.repo import Finding, Repo

# pixi writes the channel's address into its own lock, which cannot be without it.
MAY_NAME_AN_INDEX = ("pixi.lock",)
INDEX = re.compile(
    r"https?://[^\s/\"'<>]*(?:pypi\.|python[h]osted\.|anaconda\.org|npmjs\.|debian\.org)"
    r"|--(?:extra-)?index-url|--find[-]links|\b(?:UV|PIP)_(?:DEFAULT_|EXTRA_)?INDEX(?:_URL)?\b"
)
ONE_MACHINES_PATH = re.compile(r"/(?<![\w.$}~-]/)(?:(?:home|Users)/[A-Za-z]\w*|[r]oot/)")
LARGEST_KB = 500
MAY_BE_LARGE = ("pixi.lock", "locks/")


def no_index_is_named(repo: Repo) -> Iterator[Finding]:
    """No file names a package index or registry.

    Leave it out: each machine's own settings say where packages come from.
    """
    for file, place, line in repo.lines():
        match = INDEX.search(line)
        if match and file not in MAY_NAME_AN_INDEX:
            yield Finding(place, f"names a package index: `{match[0]}`")


def no_machine_is_named(repo: Repo) -> Iterator[Finding]:
    """No file holds an absolute path of one machine.

    Count paths from the repository's root.
    """
    for _, place, line in repo.lines():
        match = ONE_MACHINES_PATH.search(line)
        if match:
            yield Finding(place, f"a path of one machine: `{match[0]}`")


def files_are_small(repo: Repo) -> Iterator[Finding]:
    """No file but a lock is larger than 500 kB.

    Fetch it by hash at run time, as tasks/demo does.
    """
    for file in repo.files:
        size = (repo.root / file).stat().st_size
        if size > LARGEST_KB * 1000 and not file.startswith(MAY_BE_LARGE):
            yield Finding(file, f"too large for git: {size / 1e6:.1f} MB")


def files_end_with_a_line_end(repo: Repo) -> Iterator[Finding]:
    """Every text file ends with one line end.

    Let the editor do it: most read .editorconfig.
    """
    for file, text in repo.texts.items():
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield Finding(file, "does not end with one line end")


CHECKS = (no_index_is_named, no_machine_is_named, files_are_small, files_end_with_a_line_end)
