"""Marked secrets for every setting that can hold one, and the places that a mark has got to."""

from __future__ import annotations

import ast
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

SOURCES = ("shared/src", "projects/*/src", "tasks")
NAMED = re.compile(r"\"([A-Z][A-Z0-9_]*_(?:URL|URI|DSN|PASSWORD|KEY|TOKEN|SECRET))\"")
# Of a kind whose settings are read behind a prefix, and of an instance that says one.
PREFIXED = re.compile(r"read_settings\((\w+), prefix=")
PREFIX = re.compile(r"\bsettings=\"([A-Z][A-Z0-9_]*)\"")
ADDRESS = re.compile(r"_(URL|URI|DSN)$")
ON_POSTGRES = re.compile(r"WAREHOUSE|ERP|TABLE|POSTGRES")


def settings_with_secrets(root: Path) -> set[str]:
    """Return every environment variable that can hold a secret: what settings declare, and what code names."""
    folders = (folder for pattern in SOURCES for folder in root.glob(pattern))
    paths = (path for folder in folders for path in folder.rglob("*.py") if "tests" not in path.parts)
    found, prefixes, prefixed, declared = set[str](), set[str](), set[str](), set[tuple[str, str]]()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        found |= set(NAMED.findall(text))
        prefixes |= set(PREFIX.findall(text))
        prefixed |= set(PREFIXED.findall(text))
        if "BaseSettings" in text:
            declared |= set(_declared(ast.parse(text)))
    behind = {name for kind, name in declared if kind in prefixed}
    found |= {name for kind, name in declared if kind not in prefixed}
    return found | {f"{prefix}_{name}" for prefix in prefixes for name in behind}


def _declared(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the names of classes with those of their fields that can hold a secret, in capitals."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Settings") for base in node.bases):
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    name = field.target.id.upper()
                    if "SecretStr" in ast.unparse(field.annotation) or NAMED.fullmatch(f'"{name}"'):
                        yield node.name, name


def marked(names: Iterable[str]) -> dict[str, str]:
    """Return a value for each setting in which all that can be secret has the setting's mark; nobody answers there."""
    return {name: _marked(name, number) for number, name in enumerate(sorted(names))}


def _marked(name: str, number: int) -> str:
    secret = quote(f"{mark_of(number)}/+ ?{number}", safe="")
    if not ADDRESS.search(name):
        return f"{mark_of(number)}/+ ?{number}"
    if ON_POSTGRES.search(name):
        return f"postgresql://somebody:{secret}@127.0.0.1:1/somewhere?sslpassword={secret}"
    return f"http://{mark_of(number)}user:{secret}@127.0.0.1:1/a?page=1&access_token={secret}"


def mark_of(number: int) -> str:
    """Return the letters and digits that each secret of a setting begins with, which no encoding but base64 changes."""
    return f"Mark{number:02}Qz7Wk"


def marks_in(content: bytes, settings: Mapping[str, str]) -> set[str]:
    """Return the settings whose mark is in some bytes, as it is or in base64."""
    return {
        name
        for number, name in enumerate(sorted(settings))
        if any(form in content for form in _forms(mark_of(number).encode()))
    }


def _forms(mark: bytes) -> Iterator[bytes]:
    yield mark
    for before in range(3):
        # Whole signs alone: those at both ends depend on what stands beside the mark.
        yield b64encode(b"\0" * before + mark)[-(-before * 8 // 6) : (before + len(mark)) * 8 // 6]


def marks_below(folder: Path, settings: Mapping[str, str]) -> dict[str, set[str]]:
    """Return which settings' marks are in which files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): marks_in(path.read_bytes(), settings) for path in files}
    return {name: settings for name, settings in found.items() if settings}
