"""Lineage: what each run reads and writes, told to a collector of others as OpenLineage events.

Nothing of it happens unless OPENLINEAGE_URL is set, and it never stops, fails or holds up the work that it tells of.
"""

from shared.monitoring.lineage.origin import Dataset, Origin

__all__ = ["Dataset", "Origin"]
