"""The command `replay`: rows that targets have refused are sent again, as their models have them now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from egress.delivery import require_setting, send
from egress.engine.comparison import ComparedPlan
from egress.engine.confirmations import key_in
from egress.engine.guard import CHANGES
from egress.engine.pending import ROW_KEY
from egress.engine.plan import Options, Target
from shared.command_line import as_platform_error
from shared.config import get_settings
from shared.data_quality import Quarantine
from shared.data_quality.held_rows import MOST, HeldRow, Selection, held_rows, say_reasons, still_open, whole_ids
from shared.errors import PlatformError, UserError
from shared.monitoring import Run, record_run
from shared.utils.console import say, step
from shared.utils.excerpts import excerpt
from shared.warehouse import Warehouse, open_warehouse, quote

LONGEST_REASON = 200
GONE = "its row has left the model"


def replay_rows(targets: Sequence[Target], ids: Sequence[str], *, row: Path | None, force: bool) -> int:
    """Send the rows of entries of the quarantine again, and return 1 where one stays there.

    Args:
        row: A corrected row, which no target takes.
        force: Whether rows of others that have our keys are overwritten.

    Raises:
        PlatformError: They are not there or not of a target, or a target has failed; it is the first one's error.
    """
    if row:
        raise UserError("a target gets rows as its model has them", hint="correct the model; replay without `--row`")
    if len(ids) > MOST:
        raise UserError(f"{len(ids):,} ids", hint=f"give {MOST:,} at most")
    left: dict[str, str] = {}
    failures: list[PlatformError] = []
    with open_warehouse(get_settings(), holder="egress replay", role="egress", mode="write") as warehouse:
        work = by_target(still_open(held_rows(warehouse, Selection(ids=whole_ids(warehouse, ids)), MOST)), targets)
        with record_run(warehouse, step="replay", command="replay deliveries") as ledger:
            for target, held in work.items():
                try:
                    with step(target.name):
                        left |= replay(target, held, ledger, force=force)
                except Exception as error:
                    failures.append(as_platform_error(error))
            for other in failures[1:]:
                say(f"error: {other.message}")
            if failures:
                raise failures[0]
    for identifier, reason in left.items():
        say(f"  {identifier[:12]}: {excerpt(reason, LONGEST_REASON)}")
    return 1 if left else 0


def by_target(rows: Sequence[HeldRow], targets: Sequence[Target]) -> dict[Target, list[HeldRow]]:
    """Return entries by their targets.

    Raises:
        UserError: One is of no target.
        ConfigurationError: A target lacks a setting.
    """
    known = {target.name: target for target in targets}
    found: dict[Target, list[HeldRow]] = {}
    for row in rows:
        if row.source != "egress" or row.resource not in known:
            raise UserError(
                f"no target that rows can be sent to: `{row.source}.{row.resource}`",
                hint=f"targets: {', '.join(known)}",
            )
        found.setdefault(known[row.resource], []).append(row)
    for target in found:
        require_setting(target)
    return found


def replay(target: Target, held: Sequence[HeldRow], ledger: Run, *, force: bool) -> dict[str, str]:
    """Send the rows of a target's entries again, and return why entries of theirs are open, by id."""
    warehouse = ledger.warehouse
    found = {row.quarantine_id: key_in(row.payload, target.model.key) for row in held}
    # Of an entry from before the model had this key nothing is known; it stays.
    keys = {each: key for each, key in found.items() if key is not None}
    only = tuple(sorted(set(keys.values())))
    # Who names rows one by one approves of what becomes of them.
    options = Options(retry_rejected=True, take_over=force, only=only, approved=dict.fromkeys(CHANGES, len(only)))
    if not target.by_row:
        raise UserError(f"this target is given all rows at once: `{target.name}`", hint="run `./pixiw run deliver`")
    planned = target.plan(warehouse, options)
    assert isinstance(planned, ComparedPlan), "what is given by row is compared by row"
    tally = send(target, planned, ledger)
    quarantine = Quarantine(warehouse, ledger.id, "egress", target.name)
    settle(planned, quarantine, {row.quarantine_id: row.reason for row in held}, keys)
    opened = {each: key_in(payload, target.model.key) for each, _, payload in quarantine.unresolved()}
    entries = [each for each, key in opened.items() if each in found or key in only]
    stay = held_rows(warehouse, Selection(ids=entries), len(entries)) if entries else []
    say(f"{target.name}: {len(held):,} entries, {tally.sent:,} rows taken, {len(stay):,} entries are open")
    return {row.quarantine_id: row.reason for row in stay}


def settle(planned: ComparedPlan, quarantine: Quarantine, reasons: dict[str, str], keys: dict[str, str]) -> None:
    """Resolve entries, by their ids, about which there is nothing to do: nothing is sent for them.

    It is so where the target has the row as the model has it, or the model has it no more and the target does not
    delete it. What is in neither is left alone: its key may be written in another way.
    """
    warehouse, sought = quarantine.warehouse, list(keys.values())
    said = dict(
        warehouse.fetch(
            "select row_key, status from ops.delivery where target = $1 and row_key = any($2)", [planned.target, sought]
        )
    )
    there = keys_there(warehouse, planned, sought)
    to_delete = set(planned.deletions.rows[ROW_KEY].to_pylist())
    had = [each for each, key in keys.items() if key in there and said.get(key) == "delivered"]
    gone = [each for each, key in keys.items() if key in said and not (key in there or key in to_delete)]
    with warehouse.transaction():
        quarantine.resolve_ids([*had, *(gone if planned.rows else [])])
        say_reasons(warehouse, {each: f"{GONE}: {reasons[each]}" for each in gone if planned.rows})


def keys_there(warehouse: Warehouse, planned: ComparedPlan, sought: Sequence[str]) -> set[str]:
    """Return those of the keys that the model has."""
    row_key = f"cast({quote(planned.model.key)} as varchar)"
    found = warehouse.fetch(
        f"select {row_key} from {quote(planned.model.table)} where {row_key} = any($1)", [list(sought)]
    )
    return {key for (key,) in found}
