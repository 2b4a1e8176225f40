"""The command `override`: a person decides a value of a golden record. The value itself is shown and logged nowhere."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from entity_resolution.engine import master, resolve
from entity_resolution.engine.golden import overrides, records
from entity_resolution.entities import entity_called
from entity_resolution.entity import Entity
from entity_resolution.opening import open_workplace
from entity_resolution.settings import read_options
from shared.command_line import Parser
from shared.config import get_settings
from shared.errors import UserError
from shared.monitoring import record_run
from shared.utils.console import say
from shared.utils.excerpts import excerpt, listed
from shared.warehouse import Warehouse, open_warehouse

USAGE = "write `override ENTITY ID FIELD VALUE --reason TEXT`, `override ENTITY ID FIELD --clear`, or `override ENTITY`"


def add_parser(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("override", help="decide a value of a golden record, whatever its rule would choose")
    parser.add_argument("entity", metavar="ENTITY", help="what the record is of; alone, it lists what was decided")
    parser.add_argument(
        "what", nargs="*", metavar="ID FIELD VALUE", help="VALUE is read from standard input where it is `-`"
    )
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; others read it, so without the value")
    parser.add_argument("--by", metavar="NAME", default="", help="who decides; otherwise who is logged in")
    parser.add_argument("--clear", action="store_true", help="take back what was decided")


def override(parsed: argparse.Namespace) -> None:
    """Do what the arguments say.

    Raises:
        UserError: They say nothing that can be done.
    """
    entity = entity_called(parsed.entity)
    reason, what = parsed.reason.strip(), parsed.what
    if what and len(what) != (2 if parsed.clear else 3):
        raise UserError("not as many arguments as it takes", hint=f"{USAGE}; put a value of several words in quotes")
    if what and not parsed.clear and not 0 < len(reason) <= overrides.MOST_REASON:
        raise UserError(f"there is no reason of 1 to {overrides.MOST_REASON} characters", hint="say why with --reason")
    settings = get_settings()
    mode: Literal["read", "write"] = "write" if what else "read"
    with open_warehouse(settings, holder="entity resolution: override", role="entity_resolution", mode=mode) as place:
        if not what:
            _list(place, entity)
        else:
            _decide(place, entity, parsed, reason)


def _list(warehouse: Warehouse, entity: Entity) -> None:
    history = master.registry(entity).history
    there = warehouse.table_exists(overrides.TABLE) and warehouse.table_exists(history)
    found = overrides.read(warehouse, entity, history) if there else []
    for each in found:
        print(
            f"{each.entity_id} {each.field}: {each.fate(entity)} "
            f"({each.set_by}, {each.set_at:%Y-%m-%d}: {excerpt(each.reason, 100)})"
        )
    if len(found) >= overrides.MOST_LISTED:
        print(f"only the first {overrides.MOST_LISTED:,} are listed; all are in {overrides.TABLE}")
    if not found:
        print(f"no value of a golden `{entity.name}` was decided by a person")


def _decide(warehouse: Warehouse, entity: Entity, parsed: argparse.Namespace, reason: str) -> None:
    entity_id, field, *value = parsed.what
    master.make_tables(warehouse, entity)
    history = master.registry(entity).history
    if parsed.clear:
        ids = overrides.decided_of(warehouse, entity, entity_id, field, history)
        _enter(warehouse, entity, "--clear", lambda _: overrides.clear(warehouse, entity, ids, field))
        print(f"cleared: `{field}` of {listed(ids)}")
        return
    present = overrides.check(warehouse, entity, entity_id, field, history)
    written = sys.stdin.read(overrides.MOST_CHARACTERS + 2).rstrip("\n") if value == ["-"] else value[0]
    text = overrides.readable(warehouse, field, written, records.types_of(warehouse, entity)[field])
    made_by = parsed.by.strip() or _user()
    _enter(
        warehouse,
        entity,
        "",
        lambda run_id: overrides.put(warehouse, entity, present, field, text, (reason, made_by, run_id)),
    )
    print(
        f"decided: `{field}` of `{present}`"
        + (f", into which `{entity_id}` was merged" if present != entity_id else "")
    )


def _enter(warehouse: Warehouse, entity: Entity, option: str, change: Callable[[str], None]) -> None:
    """Make a change of what was decided, in a run of its own."""
    with record_run(warehouse, step="override", command=f"override {entity.name} {option}".strip()) as run:
        settings = warehouse.settings
        options = read_options(settings, [entity])[entity.name]
        job = resolve.Job(entity, warehouse, settings, options, run, open_workplace)
        if not resolve.decide(job, lambda: change(run.id)):
            say("something else is new: `./pixiw run resolve` brings it to the golden records")


def _user() -> str:
    # Where the system knows no name for who runs this, as in some containers.
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return "unknown"
