"""What can go wrong with an outside system that rows are sent to."""

from __future__ import annotations

from shared.errors import PlatformError


class TargetUnavailable(PlatformError):
    """The target does not answer, or not with what it promised."""

    code = "target_unavailable"
    retryable = True


class TargetRefused(PlatformError):
    """The target answers that it will not take the request as it is."""

    code = "target_refused"
