"""The records that libraries log: what is secret in them is redacted before any handler sees them."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from shared.redaction.texts import redacted


def redact_records() -> None:
    """From now on redact what is logged in this process, whichever library logs it and wherever it goes."""
    make = logging.getLogRecordFactory()
    if getattr(make, "redacts", False):
        return

    def made(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = make(*arguments, **options)
        if record.exc_info and record.exc_info[0]:
            # Formatters take this where it is there.
            record.exc_text = redacted("".join(traceback.format_exception(*record.exc_info)).rstrip())
        try:
            said = record.getMessage()
        except (TypeError, ValueError):
            return record
        shown = redacted(said)
        if shown != said:
            record.msg, record.args = shown, None
        return record

    made.redacts = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(made)
