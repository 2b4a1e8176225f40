"""The targets, a module each: whoever adds one adds a file here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from egress.engine.plan import Target
from shared.errors import ConfigurationError


def by_target(modules: Mapping[str, ModuleType]) -> dict[Target, ModuleType]:
    """Return modules by their targets.

    Raises:
        ConfigurationError: One has no target.
    """
    found: dict[Target, ModuleType] = {}
    for name, module in modules.items():
        target = getattr(module, "TARGET", None)
        if not isinstance(target, Target):
            raise ConfigurationError(
                f"a module of targets without a `TARGET`: `{name}`",
                hint="end it with TARGET = and a Rest, Table, Files or Dlt, as the others do, or move it elsewhere",
            )
        found[target] = module
    return found


def all_targets() -> dict[Target, ModuleType]:
    """Return every target with its module, in the order of delivery, which is that of the modules' names.

    Raises:
        ConfigurationError: A module has none, a setting cannot be used, or two targets have the same name, so that
            their send states would be mixed.
    """
    names = sorted(each.name for each in iter_modules(__path__))
    found = by_target({name: import_module(f"{__name__}.{name}") for name in names})
    held_apart(found)
    return found


def held_apart(targets: Iterable[Target]) -> None:
    """Raise ConfigurationError where two targets have one name, or write one file."""
    names: dict[str, Target] = {}
    written: dict[str, Target] = {}
    for target in targets:
        other = names.setdefault(target.name, target)
        if other is not target:
            raise ConfigurationError(
                f"two targets have one name: `{target.name}`",
                hint=f"change {other.name_setting} or {target.name_setting}",
            )
        for thing in target.writes:
            other = written.setdefault(thing, target)
            if other is not target:
                raise ConfigurationError(
                    f"two targets write one file, `{other.name}` and `{target.name}`: `{thing}`",
                    hint="give one of them another `folder` in its module",
                )
