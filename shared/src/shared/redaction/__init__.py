"""Texts without what is secret in them, wherever they are written. It stands below all else, errors included."""

from shared.redaction.secret_values import guard
from shared.redaction.texts import HIDDEN, redacted, redacted_values, shown_setting, without

__all__ = ["HIDDEN", "guard", "redacted", "redacted_values", "shown_setting", "without"]
