"""The sources. A new one is a module here and its entry in `MODULES`."""

from types import ModuleType

from ingress.source import Source
from ingress.sources import crm, erp, loyalty, pos

MODULES: tuple[ModuleType, ...] = (pos, crm, loyalty, erp)
SOURCES: dict[str, Source] = {module.SOURCE.name: module.SOURCE for module in MODULES}
