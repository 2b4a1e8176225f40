"""The sources, a module each: whoever adds one adds a file here."""

from __future__ import annotations

from types import ModuleType

from ingress.source import Source
from shared.errors import ConfigurationError
from shared.utils.instances import declared_in, modules_in


def by_source(modules: dict[str, ModuleType]) -> dict[str, ModuleType]:
    """Return modules by the names of their sources.

    Raises:
        ConfigurationError: One has no source, or two have the same.
    """
    found: dict[str, ModuleType] = {}
    for name, module in modules.items():
        source = declared_in(module, "SOURCE", Source, of="sources", named=name, ending="SOURCE = Source(…)")
        if source.name in found:
            raise ConfigurationError(
                f"two sources are called `{source.name}`: `{name}`, `{found[source.name].__name__}`",
                hint="give one of them another name: what is loaded is noted by it",
            )
        found[source.name] = module
    return found


MODULES = by_source(modules_in(__name__, __path__))
SOURCES: dict[str, Source] = {name: module.SOURCE for name, module in MODULES.items()}
