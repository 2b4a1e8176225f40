"""The tables that a run makes of its parties, and the way to ask for them, on whichever engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

# The table of parties in the forms that they are compared in, and the view of it that Splink works on, without what
# stands for nothing. Their names are the run's alone: Splink asks the catalog for them without a schema.
FORMED, PARTIES = "resolution_parties", "resolution_compared"
# The first with what is derived of the words of some columns, where any are.
WORDED = "resolution_worded"
# A sample of the view, to count pairs in.
SAMPLED = "resolution_sampled"
# Those of how frequent values are, each with a number behind it.
TERMS = "resolution_terms_"
# Runs a statement where the parties are, and returns its rows.
Ask: TypeAlias = Callable[[str], list[tuple[Any, ...]]]
