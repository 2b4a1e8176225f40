"""Check where alerts go, send a test, show what is failed: `python -m shared.monitoring.alerts`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from shared.command_line import Parser, command
from shared.config import get_settings
from shared.monitoring.alerts.alert import cut, duration, one_line
from shared.monitoring.alerts.alerts import BUILDERS, Alerts
from shared.utils.clock import utc_now

LONGEST_LINE = 200


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands."""
    parser = Parser(prog="python -m shared.monitoring.alerts", description="Where alerts go, and what is failed now.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("check", help="say which sinks are on; a setting that cannot be used is an error")
    commands.add_parser("test", help="send a test message through each sink; exits 1 where one fails")
    commands.add_parser("status", help="show what is failed now, and since when")
    chosen = parser.parse_args(arguments).command
    return {"check": check, "test": test, "status": status}[chosen](Alerts.from_settings(get_settings()))


def check(alerts: Alerts) -> int:
    """Print what is on.

    Raises:
        ConfigurationError: A setting cannot be used.
    """
    on = {sink.name: sink.describe() for sink in alerts.sinks}
    print("log: on")
    for name in BUILDERS:
        print(f"{name}: {on.get(name, 'off')}")
    print(f"reminder: after {duration(alerts.reminder)}")
    for problem in alerts.problems:
        raise problem
    return 0


def test(alerts: Alerts) -> int:
    """Send a test message and print what came of it."""
    errors = alerts.test()
    print("log: written")
    for name, error in errors.items():
        print(f"{name}: {f'failed: {error.message}' if error else 'sent'}")
        if error and error.hint:
            print(f"  hint: {error.hint}")
    return 1 if any(errors.values()) else 0


def status(alerts: Alerts) -> int:
    """Print each subject that is failed."""
    failing = alerts.failing()
    for episode in failing:
        since = f"{episode.since:%Y-%m-%d %H:%M} UTC ({duration(utc_now() - episode.since)})"
        print(f"{episode.subject}: failed since {since}, failures: {episode.failures}")
        print(f"  {cut(one_line(episode.message), LONGEST_LINE)}")
    if not failing:
        print("nothing is failed")
    return 0


if __name__ == "__main__":
    sys.exit(command(main))
