"""The version of code: what is run counts, comments, docstrings and layout do not."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import duckdb
from typing_extensions import override

from shared.monitoring.versions.parts import ABSENT, Marked

# What SQL quotes, to be passed over whole, before what is a comment in it.
COMMENTS = re.compile(
    r"""("[^"]*"|\be'(?:\\.|[^'\\])*'|'[^']*'|\$(\w*)\$.*?\$\2\$)|--[^\n]*|/\*.*?\*/""", re.DOTALL | re.IGNORECASE
)
# Steps that one process runs are often made of the same files.
KEPT_FILES = 2_000


@dataclass(frozen=True)
class Code(Marked):
    """The Python and SQL files of a folder and the folders in it."""

    folder: Path

    @override
    def mark(self) -> str:
        digest = hashlib.sha256()
        for name, text in self._files():
            digest.update(f"{name}\0{len(text)}\0{text}".encode())
        return digest.hexdigest() if self.folder.is_dir() else ABSENT

    @override
    def content(self) -> str:
        digest = hashlib.sha256()
        for name, text in self._files():
            matters = python_that_matters(text) if name.endswith(".py") else sql_that_matters(text)
            digest.update(f"{name}\0{len(matters)}\0{matters}".encode())
        return digest.hexdigest()

    def _files(self) -> Iterator[tuple[str, str]]:
        for path in sorted(path for ending in ("py", "sql") for path in self.folder.rglob(f"*.{ending}")):
            yield path.relative_to(self.folder).as_posix(), path.read_text(encoding="utf-8")


class Wordless(ast.NodeTransformer):
    """Takes out what stands in code without being run: docstrings and other texts that go nowhere."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Take out a constant that is a statement."""
        return None if isinstance(node.value, ast.Constant) else node


@lru_cache(KEPT_FILES)
def python_that_matters(text: str) -> str:
    """Return Python code as it is parsed; as it is written where it cannot be."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text
    return ast.dump(Wordless().visit(tree))


@lru_cache(KEPT_FILES)
def sql_that_matters(text: str) -> str:
    """Return the words of SQL, one a line; from where it cannot be parsed on, as it is written."""
    bare = COMMENTS.sub(lambda found: found[1] or " ", text)
    written = bare.encode()
    places = [0, *(start for start, _ in duckdb.tokenize(bare)), len(written)]
    return b"\n".join(filter(None, (written[start:end].strip() for start, end in pairwise(places)))).decode()
