"""Instances, a module each in a package of theirs: found by their place, with no list to enter them in."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from shared.errors import ConfigurationError


def names_in(path: Iterable[str]) -> list[str]:
    """Return the names of the modules of a package, whose `__path__` it is, in their order."""
    return sorted(each.name for each in iter_modules(path))


def modules_in(package: str, path: Iterable[str]) -> dict[str, ModuleType]:
    """Import the modules of a package, and return them by their names, in the order of these.

    Args:
        package: Its `__name__`.
        path: Its `__path__`.
    """
    return {name: import_module(f"{package}.{name}") for name in names_in(path)}


def declared_in(module: ModuleType, attribute: str, kind: type, *, of: str, named: str, ending: str) -> Any:
    """Return the instance that a module declares.

    Args:
        attribute: The name that it stands by.
        kind: What it has to be.
        of: What the modules of its package are, for messages: `sources`.
        named: How messages call the module.
        ending: What such a module ends with, for hints.

    Raises:
        ConfigurationError: It declares none.
    """
    found = getattr(module, attribute, None)
    if not isinstance(found, kind):
        raise ConfigurationError(
            f"a module of {of} without {'an' if attribute[0] in 'AEIOU' else 'a'} `{attribute}`: `{named}`",
            hint=f"end it with {ending}, as the others do, or move it elsewhere",
        )
    return found
