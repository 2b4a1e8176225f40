"""The sources. A new one is a module here and its entry in `SOURCES`."""

from ingress.source import Source
from ingress.sources import crm, erp, loyalty, pos

SOURCES: dict[str, Source] = {source.name: source for source in (pos.SOURCE, crm.SOURCE, loyalty.SOURCE, erp.SOURCE)}
