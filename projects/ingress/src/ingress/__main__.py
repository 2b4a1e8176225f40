"""`python -m ingress`: load the sources into raw, list them, check their input, or replay rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ingress.overview import list_sources, sources_as_json, validate_source
from ingress.source import Source
from ingress.sources import SOURCES
from shared.command_line import Parser, as_platform_error, command, report, whole_number
from shared.config import Settings, get_settings
from shared.errors import PlatformError, UserError
from shared.monitoring import record_run
from shared.utils.console import say
from shared.warehouse import Warehouse, open_warehouse


def make_parser() -> Parser:
    """Describe the commands."""
    parser = Parser(prog="python -m ingress", description="Load external systems into the warehouse's raw layer.")
    actions = parser.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", help="load what is new of the sources into raw")
    run.add_argument("--full", action="store_true", help="read files also when they are loaded as they are")
    run.add_argument(
        "--approve-deletes",
        type=whole_number,
        metavar="N",
        help="let each snapshot mark up to N rows as deleted, in place of its guard's bounds",
    )
    on_request = [name for source in SOURCES.values() for name in source.on_request]
    validate = actions.add_parser("validate", help="check the input against the row models, load nothing")
    for each in (run, validate):
        which = each.add_mutually_exclusive_group()
        which.add_argument("--source", nargs="+", action="extend", choices=list(SOURCES), metavar="NAME", default=[])
        which.add_argument("--all", action="store_true", help="all sources; an error where something is not there")
        each.add_argument(
            "--skip-absent",
            action="store_true",
            help="leave out what is not there and not required, also of what is named",
        )
        each.add_argument(
            "--on-request",
            nargs="+",
            action="extend",
            choices=on_request,
            metavar="NAME",
            default=[],
            help=f"also what is loaded only on request: {', '.join(on_request)}",
        )
    poll = actions.add_parser("poll", help="load the sources that are polled and due by the ledger: for cron")
    poll.add_argument("--source", nargs="+", action="extend", choices=list(SOURCES), metavar="NAME", default=[])
    again = actions.add_parser("replay", help="load rows from quarantine: as they are, or one as it is corrected")
    again.add_argument("ids", nargs="+", metavar="ID", help="see `quarantine list --rows`")
    again.add_argument("--row", type=Path, metavar="FILE", help="the corrected row, a JSON object; with one ID")
    again.add_argument("--force", action="store_true", help="also over a row of the key that was loaded later")
    listing = actions.add_parser("list", help="show sources, resources, keys, where they come from and the last load")
    listing.add_argument("--json", action="store_true", help="for programs, without the last load")
    actions.add_parser("new", add_help=False, help="write a source from a look at an API, files or a database")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run one command."""
    settings = get_settings()
    if arguments[:1] == ["new"]:
        from ingress.new.command import new_source

        return new_source(settings, arguments[1:])
    options = make_parser().parse_args(arguments)
    if options.action == "list" and options.json:
        print(sources_as_json(settings))
        return 0
    if options.action == "list":
        list_sources(settings, list(SOURCES.values()))
        return 0
    if options.action == "poll":
        return poll(settings, options.source, " ".join(arguments))
    if options.action == "replay":
        from ingress.replaying import replay_rows

        return replay_rows(settings, SOURCES, options.ids, row=options.row, force=options.force)
    sources = [SOURCES[name] for name in options.source or SOURCES]
    hold_on_request(options.on_request, sources)
    # Whoever names what to load wants to hear that it is not there.
    strict = bool(options.source or options.all) and not options.skip_absent
    if options.action == "validate":
        return validate(settings, sources, on_request=options.on_request, strict=strict)
    line = " ".join(arguments)
    return run(
        settings,
        sources,
        line,
        full=options.full,
        on_request=options.on_request,
        strict=strict,
        approved_deletes=options.approve_deletes,
    )


def hold_on_request(names: Sequence[str], sources: Sequence[Source]) -> None:
    """Refuse what is asked for and is of none of the sources: it would be left out without a word.

    Raises:
        UserError: There is such a name.
    """
    others = [name for name in names if not any(name in source.on_request for source in sources)]
    if others:
        raise UserError(f"its source is not among those to load: `{others[0]}`", hint="add it to `--source`")


def poll(settings: Settings, names: Sequence[str], command_line: str) -> int:
    """Load those sources that are due by the ledger."""
    from ingress.polling import due, due_now, polled_sources

    sources = due_now(settings, polled_sources(names))
    # Once more when nobody else writes any more: it may have been another call of this.
    return run(settings, sources, command_line, strict=bool(names), choose=due) if sources else 0


def run(
    settings: Settings,
    sources: Sequence[Source],
    command_line: str,
    *,
    full: bool = False,
    on_request: Collection[str] = (),
    strict: bool = False,
    approved_deletes: int | None = None,
    choose: Callable[[Warehouse, Sequence[Source]], Sequence[Source]] = lambda _, sources: sources,
) -> int:
    """Load the sources one after the other; one that fails does not stop the others.

    Args:
        settings: Names the warehouse.
        sources: Which.
        command_line: What the user called, for the ledger.
        full: As of `load_source`.
        on_request: As of `load_source`.
        strict: As of `load_source`.
        approved_deletes: As of `load_source`.
        choose: Picks from the sources, with the warehouse open for writing.
    """
    # They take a moment to import, and what loads nothing does without.
    from ingress.load.source_load import load_source
    from ingress.polling import noted
    from shared.teller import Teller

    teller = Teller(settings, command=f"ingest {command_line}")

    def load(source: Source) -> None:
        with teller.telling(f"step ingest: {source.name}"), noted(entry, source):
            load_source(
                entry,
                settings,
                source,
                full=full,
                on_request=on_request,
                strict=strict,
                approved_deletes=approved_deletes,
            )

    with (
        teller.telling("step ingest"),
        open_warehouse(settings, holder=f"ingest {command_line}", role="ingress", mode="write") as warehouse,
    ):
        chosen = choose(warehouse, sources)
        if sources and not chosen:
            return 0
        with record_run(warehouse, step="ingest", command=command_line) as entry:
            # Whatever becomes of the sources, there is a warehouse to load into.
            teller.succeeded("step ingest")
            return each_on_its_own(chosen, load)


def validate(settings: Settings, sources: Sequence[Source], *, on_request: Collection[str], strict: bool) -> int:
    """Check the sources' input; 1 where quarantine would get rows."""
    bad: list[int] = []
    each_on_its_own(
        sources,
        lambda source: bad.append(validate_source(settings, source, on_request=on_request, strict=strict)),
    )
    return 1 if sum(bad) else 0


def each_on_its_own(sources: Sequence[Source], work: Callable[[Source], None]) -> int:
    """Do the work for each source, then fail for all that failed.

    Raises:
        SourcesFailed: One or more of several failed; the message names them.
    """
    failures: dict[str, Exception] = {}
    for source in sources:
        say(f"{source.name}:")
        try:
            work(source)
        except Exception as error:
            if len(sources) == 1:
                raise
            report(error)
            failures[source.name] = error
    if failures:
        raise SourcesFailed(failures) from next(iter(failures.values()))
    return 0


class SourcesFailed(PlatformError):
    """One or more sources could not be loaded."""

    def __init__(self, failures: dict[str, Exception]) -> None:
        known = {name: as_platform_error(error) for name, error in failures.items()}
        super().__init__(
            f"failed: {', '.join(f'`{name}`: {error.message}' for name, error in known.items())}",
            hint="the other sources are loaded; correct these and run the command again",
        )
        if all(isinstance(error, UserError) for error in known.values()):
            self.exit_code = UserError.exit_code  # type: ignore[misc]


if __name__ == "__main__":
    sys.exit(command(main))
