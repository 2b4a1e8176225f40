"""The targets, a module each: whoever adds one adds a file here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType

from egress.engine.plan import Target
from shared.errors import ConfigurationError
from shared.utils.instances import declared_in, modules_in


def by_target(modules: Mapping[str, ModuleType]) -> dict[Target, ModuleType]:
    """Return modules by their targets.

    Raises:
        ConfigurationError: One has no target.
    """
    ending = "TARGET = and a Rest, Table, Files, Bucket or Dlt"
    return {
        declared_in(module, "TARGET", Target, of="targets", named=name, ending=ending): module
        for name, module in modules.items()
    }


def all_targets() -> dict[Target, ModuleType]:
    """Return every target with its module, in the order of delivery, which is that of the modules' names.

    Raises:
        ConfigurationError: A module has none, a setting cannot be used, or two targets have the same name, so that
            their send states would be mixed.
    """
    found = by_target(modules_in(__name__, __path__))
    held_apart(found)
    return found


def held_apart(targets: Iterable[Target]) -> None:
    """Raise ConfigurationError where two targets have one name, or overwrite one file or table."""
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
                    f"two targets overwrite the same, `{other.name}` and `{target.name}`: `{thing}`",
                    hint="give one of them another `folder`, `place` or `dataset` in its module",
                )
