"""DataInspector: what is in a database, a schema or a table, on either engine, and what has changed since last time."""

from shared.inspector.changes import Change, Tolerance, changes_between
from shared.inspector.inspector import DataInspector
from shared.inspector.profile import Limits
from shared.inspector.results import ColumnProfile, Inspection, TableProfile

__all__ = [
    "Change",
    "ColumnProfile",
    "DataInspector",
    "Inspection",
    "Limits",
    "TableProfile",
    "Tolerance",
    "changes_between",
]
