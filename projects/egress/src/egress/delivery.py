"""Deliveries to targets: each is planned and applied, and what came of it is entered in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from egress.engine.plan import Options, Plan, Tally, Target
from egress.engine.sealed import SealedPlan
from shared.command_line import as_platform_error
from shared.config import get_settings
from shared.errors import ConfigurationError, PlatformError
from shared.monitoring import Run, history, record_run
from shared.monitoring.lineage import Origin
from shared.utils.clock import utc_now
from shared.utils.console import say, step
from shared.warehouse import Warehouse, open_warehouse


def run(
    targets: Sequence[Target], options: Options, words: str, sealed: SealedPlan | None = None, drift: int = 0
) -> None:
    """Deliver to each target; one that fails keeps no other from its delivery.

    Args:
        drift: How many rows may be otherwise than the sealed plan says, in all targets together.

    Raises:
        ConfigurationError: A target lacks a setting; nothing was sent anywhere.
        PlanRefused: What there is to do is not what the sealed plan says; nothing was sent anywhere.
        PlatformError: A target has failed; it is the first one's error.
    """
    # It takes a moment to import, and what delivers nothing does without.
    from shared.teller import Teller

    teller = Teller(get_settings(), command=f"deliver {words}")
    for target in targets:
        with teller.telling(subject(target), whole=False):
            require_setting(target)
    with (
        teller.telling("step deliver"),
        open_warehouse(get_settings(), holder=f"egress {words}", role="egress", mode="write") as warehouse,
        record_run(warehouse, step="deliver", command=words) as ledger,
    ):
        # Whatever becomes of the targets, there is a warehouse to deliver from.
        teller.succeeded("step deliver")
        plans: dict[Target, Plan] = {}
        if sealed:
            plans = {target: target.plan(warehouse, options) for target in targets}
            sealed.check(warehouse, plans, utc_now(), drift)
            sealed.use(warehouse)
        failures = []
        for target in targets:
            if failure := attempt(target, plans.get(target), warehouse, options, ledger):
                teller.failed(subject(target), failure)
                failures.append(failure)
            else:
                teller.succeeded(subject(target))
        for other in failures[1:]:
            say(f"error: {other.message}")
        if failures:
            raise failures[0]


def subject(target: Target) -> str:
    """Return what the failure of a delivery is told of."""
    return f"step deliver: {target.name}"


def require_setting(target: Target) -> None:
    """Raise ConfigurationError where a target lacks a setting."""
    if target.missing_setting:
        raise ConfigurationError(
            f"{target.missing_setting} is not set, the target needs it: `{target.name}`",
            hint=f"set the environment variable {target.missing_setting}, or name other targets with --target",
        )


def attempt(
    target: Target, planned: Plan | None, warehouse: Warehouse, options: Options, ledger: Run
) -> PlatformError | None:
    """Deliver to one target what is planned, or planned now, and return the error if that fails."""
    try:
        with step(target.name):
            deliver(target, planned or target.plan(warehouse, options), ledger)
    except Exception as error:
        known = as_platform_error(error)
        known.__cause__ = error if known is not error else error.__cause__
        return known
    return None


def deliver(target: Target, planned: Plan, ledger: Run) -> None:
    """Print a plan for one target and apply it."""
    for line in planned.describe():
        say(line)
    tally = send(target, planned, ledger, unchanged=planned.unchanged)
    if tally.rejected:
        say(f"{target.name}: {tally.rejected:,} rows were rejected, ops.quarantine says why (source `egress`)")


def send(target: Target, planned: Plan, ledger: Run, **known: object) -> Tally:
    """Apply a plan for one target, and enter what came of it in the ledger, with what else is known."""
    tally, origin = Tally(), None
    begun: dict[str, object] = {history.CUT_OFF: True}
    try:
        planned.check()
        planned.apply(ledger, tally)
        begun, origin = {}, Origin((target.model.table,), same_names=True, outputs=target.datasets())
    finally:
        detail = {**begun, "sent": tally.sent, **known, "rejected": tally.rejected, **tally.detail}
        ledger.output(target.name, rows=tally.sent, detail=detail, origin=origin)
    return tally
