"""The command line: `python -m entity_resolution COMMAND`, of which `--help` lists all."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from entity_resolution import listing, overriding, previewing
from entity_resolution.engine import preview, resolve, sweep, thresholds
from entity_resolution.engine.quality import SEVERAL, Measures
from entity_resolution.engine.report import report
from entity_resolution.entities import entities, entity_called
from entity_resolution.new.command import new_entity
from entity_resolution.opening import chosen_workplace
from entity_resolution.settings import read_options
from shared.command_line import Parser
from shared.config import get_settings
from shared.errors import ConfigurationError, PlatformError, UserError
from shared.monitoring import record_run
from shared.teller import Teller
from shared.utils.console import say
from shared.utils.excerpts import listed
from shared.warehouse import open_warehouse


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    parser = _parser()
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        # Of an override not by name: one of them may be the value.
        named = "of `override`" if parsed.command == "override" else " ".join(unknown)
        parser.error(f"unrecognized arguments: {named}")
    if parsed.command == "run" and parsed.hide and parsed.sweep is None:
        parser.error("argument --hide: not without --sweep")
    if parsed.dry_run and (parsed.sweep is not None or parsed.training == "always"):
        parser.error("argument --dry-run: not with --sweep or --retrain")
    if parsed.command == "list":
        print(listing.as_json() if parsed.json else listing.as_text())
        return 0
    if parsed.command == "new-entity":
        _declare(parsed)
    elif parsed.command == "override":
        overriding.override(parsed)
    else:
        _each(parsed, " ".join(arguments))
    return 0


def _declare(parsed: argparse.Namespace) -> None:
    with open_warehouse(get_settings(), holder="new-entity", role="entity_resolution") as warehouse:
        new_entity(warehouse, parsed.name, parsed.relation, parsed.id, parsed.source)


def _each(parsed: argparse.Namespace, line: str) -> None:
    """Do what the arguments say for each entity that they mean; one that fails holds up no other.

    Raises:
        PlatformError: The first that failed; what became of the others is said.
    """
    settings = get_settings()
    step, holder = _step(parsed), f"entity resolution: {line}"
    failed: dict[str, PlatformError] = {}
    with Teller(settings, command=holder).telling(f"step {step}"):
        wanted = [entity_called(parsed.entity)] if parsed.entity else list(entities().values())
        if parsed.command == "model" and len(wanted) > 1:
            raise UserError(f"whose models is not said: {listed([*entities()])}", hint="name the entity with --entity")
        options = read_options(settings, wanted, parsed.truth)
        workplace = chosen_workplace(settings)
        with open_warehouse(settings, holder=holder, role="entity_resolution", mode="write") as warehouse:
            for entity in wanted:
                alone = len(wanted) == 1
                if not alone:
                    say(f"{entity.name}:")
                try:
                    # By its own command the ledger tells the last run of each entity.
                    command = line if alone else f"{line} --entity {entity.name}"
                    with record_run(warehouse, step=step, command=command) as run:
                        job = resolve.Job(entity, warehouse, settings, options[entity.name], run, workplace)
                        _do(job, parsed)
                except PlatformError as error:
                    failed[entity.name] = error
        if failed:
            first, *others = failed
            for name in others:
                say(f"{name}: {failed[name].message}")
            raise failed[first]


def _step(parsed: argparse.Namespace) -> str:
    """Return what a call is in the ledger: one that only looks tells nothing of how the last run went."""
    if parsed.command in ("model", "suggest-threshold") or parsed.dry_run:
        return "preview"
    return "resolve" if parsed.command in ("run", "predict") else str(parsed.command)


def _do(job: resolve.Job, parsed: argparse.Namespace) -> None:
    if parsed.command == "model" and parsed.look == "report":
        file = Path(parsed.output).expanduser() if parsed.output else None
        print(report.write_report(job, file))
    elif parsed.command == "model":
        _show(job, preview.diff(job, parsed.first, parsed.second))
    elif parsed.command == "suggest-threshold":
        labels = Path(parsed.labels).expanduser() if parsed.labels else None
        found = thresholds.suggest(job, labels, parsed.drawn)
        print("\n".join(previewing.suggested(job.entity.name, found, job.options.threshold)))
    elif parsed.dry_run:
        _show(job, preview.dry_run(job))
    elif parsed.command == "train":
        resolve.train(job)
    elif parsed.command == "evaluate":
        _print(job, resolve.evaluate(job, _required_truth(job)))
    else:
        _run(job, parsed)


def _run(job: resolve.Job, parsed: argparse.Namespace) -> None:
    truth = None if parsed.sweep is None else _required_truth(job)
    outcome = resolve.resolve(job, training=parsed.training, full=parsed.full)
    _print(job, outcome.measures)
    for remark in outcome.remarks:
        print(f"{job.entity.name} {remark}")
    if truth is not None:
        for row in sweep.sweep(job, truth, parsed.sweep, parsed.hide):
            hidden = f", fields hidden in {row['hidden_share']:.0%}" if row["hidden_share"] else ""
            figures = ", ".join(f"{name} {row[name]:.4f}" for name in ("precision", "recall", "f1"))
            print(f"threshold {row['threshold']:g}{hidden}: {figures}")


def _show(job: resolve.Job, found: preview.Preview) -> None:
    print("\n".join(previewing.lines(job.entity.name, found)))


def _required_truth(job: resolve.Job) -> Path:
    if job.options.truth is None:
        raise ConfigurationError(
            "there is no truth to compare with", hint="name a CSV file with --truth or ENTITY_TRUTH"
        )
    return job.options.truth


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m entity_resolution",
        description="Find which records of core are the same entity, and keep one golden record for each in master.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a model on the parties of core")
    train.set_defaults(truth=None)
    run = commands.add_parser("run", help="train where there is no model yet, link, and write master")
    run.add_argument("--retrain", dest="training", action="store_const", const="always", help="train a new model first")
    run.add_argument(
        "--sweep", nargs="*", type=_probability, metavar="THRESHOLD", help="also measure what these would find"
    )
    run.add_argument(
        "--hide", type=_probability, metavar="SHARE", help="sweep again with fields hidden in a share of the parties"
    )
    run.set_defaults(training="if needed", hide=0.0)
    predict = commands.add_parser("predict", help="like run, but never train")
    predict.set_defaults(training="never", sweep=None)
    parser.set_defaults(dry_run=False)
    for command in (run, predict):
        command.add_argument(
            "--dry-run", action="store_true", help="only tell what would change in master; by the model in use"
        )
        command.add_argument("--full", action="store_true", help="link everything, whatever is new")
    evaluate = commands.add_parser("evaluate", help="measure master against the truth")
    for command in (train, run, predict, evaluate):
        command.add_argument("--entity", metavar="NAME", help="only this one; all that are declared otherwise")
    for command in (run, predict, evaluate):
        command.add_argument(
            "--truth",
            metavar="PATH",
            help="CSV of pairs of the same entity (ENTITY_TRUTH, else what the entity declares)",
        )
    new = commands.add_parser("new-entity", help="write a first declaration from a look at a table of core")
    new.add_argument("name", metavar="NAME", help="what the entity is called")
    new.add_argument("--from", dest="relation", required=True, metavar="TABLE", help="where its records are: core.x")
    new.add_argument("--id", metavar="COLUMN", help="by which a source tells its records apart; looked for otherwise")
    new.add_argument("--source", metavar="COLUMN", help="that names the source; else `source_system`, if it is there")
    overriding.add_parser(commands)
    previewing.add_parsers(commands)
    listed = commands.add_parser("list", help="show what is read, written and measured")
    listed.add_argument("--json", action="store_true", help="for programs")
    return parser


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"not between 0 and 1: `{text}`")
    return value


def _print(job: resolve.Job, measures: Measures) -> None:
    parties, entities, joined = (f"{measures[name]:,.0f}" for name in ("parties", "entities", "entities_joined"))
    print(f"{job.entity.name} entities: {entities} of {parties} parties, {joined} of them from several records")
    print(f"largest {job.entity.name} entity: {measures['largest_entity']:,.0f} records")
    for name, count in measures.items():
        if name.startswith(SEVERAL) and count:
            print(f"{job.entity.name} entities with several records of {name.removeprefix(SEVERAL)}: {count:,.0f}")
    if "f1" in measures:
        figures = ", ".join(f"{name} {measures[name]:.4f}" for name in ("precision", "recall", "f1"))
        pairs = ", ".join(f"{measures[f'pairs_{name}']:,.0f} {name}" for name in ("right", "wrong", "missed"))
        print(f"{job.entity.name} quality: {figures} (pairs: {pairs})")
    elif job.options.truth is not None:
        print(f"{job.entity.name} quality: not measured, the truth names none of these parties")
    else:
        print(f"{job.entity.name} quality: not measured, there is no truth (--truth or ENTITY_TRUTH)")
