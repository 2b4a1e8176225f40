"""Expectations of tables, checked by SQL on either engine, and what is kept of them in `ops`."""

from shared.data_quality.expectations.checking import validate
from shared.data_quality.expectations.outcomes import FailingRow, Outcome
from shared.data_quality.expectations.reading import load_suite
from shared.data_quality.expectations.storing import note_checks, store
from shared.data_quality.expectations.suite import Suite

__all__ = ["FailingRow", "Outcome", "Suite", "load_suite", "note_checks", "store", "validate"]
