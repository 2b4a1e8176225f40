"""The sources, a module each: whoever adds one adds a file here."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from ingress.source import Source
from shared.errors import ConfigurationError


def by_source(modules: dict[str, ModuleType]) -> dict[str, ModuleType]:
    """Return modules by the names of their sources.

    Raises:
        ConfigurationError: One has no source, or two have the same.
    """
    found: dict[str, ModuleType] = {}
    for name, module in modules.items():
        source = getattr(module, "SOURCE", None)
        if not isinstance(source, Source):
            raise ConfigurationError(
                f"a module of sources without a `SOURCE`: `{name}`",
                hint="end it with SOURCE = Source(…), as the others do, or move it elsewhere",
            )
        if source.name in found:
            raise ConfigurationError(
                f"two sources are called `{source.name}`: `{name}`, `{found[source.name].__name__}`",
                hint="give one of them another name: what is loaded is noted by it",
            )
        found[source.name] = module
    return found


MODULES = by_source(
    {
        each.name: import_module(f"{__name__}.{each.name}")
        for each in sorted(iter_modules(__path__), key=lambda it: it.name)
    }
)
SOURCES: dict[str, Source] = {name: module.SOURCE for name, module in MODULES.items()}
