"""What ran, when, with what result."""

from shared.monitoring.ledger import Run, record_run

__all__ = ["Run", "record_run"]
