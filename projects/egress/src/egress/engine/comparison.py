"""What the warehouse holds against what a target has answered to: which rows are new, changed, rejected, vanished."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from typing_extensions import override

from egress.engine.confirmations import Confirmations
from egress.engine.fields import Updates
from egress.engine.guard import Counts
from egress.engine.models import Model, columns_of
from egress.engine.pending import ADDED, LAST_ID, LAST_MARKS, LAST_RECEIPT, LAST_RUN, ROW_HASH, ROW_KEY
from egress.engine.plan import Options, Plan, steps_of
from egress.engine.state import answers
from shared.errors import InputError
from shared.monitoring import Run
from shared.warehouse import Warehouse, quote
from shared.warehouse.sql.dialect import Dialect

# What a target is kept like: `mirror` deletes rows of ours that have left the model; the others delete nothing.
# `update_only` sends as `upsert` does, to a target that makes no row anew.
Mode: TypeAlias = Literal["upsert", "insert_only", "update_only", "mirror"]


@dataclass(frozen=True)
class Comparison:
    """How a model stands with one target. A row that was deleted at the target counts as one that it never had.

    Attributes:
        rows: How many rows the model has.
        new: Rows that the target has never answered to.
        changed: Rows with another content than it answered to last.
        held: Rows that it has rejected and that have not changed since; not to be sent.
        left: Rows that have changed and stay as they were inserted.
        creates: Rows to be sent that the target has not.
        updates: Rows to be sent that the target has with another content.
        vanished: Rows that it has answered to and that the model has no more.
        to_send: How many rows are to be sent.
        pending: These, in order of their keys, with the columns `ADDED`.
    """

    rows: int
    new: int
    changed: int
    held: int
    left: int
    creates: int
    updates: int
    vanished: int
    to_send: int
    pending: pa.Table

    @classmethod
    def of(cls, warehouse: Warehouse, model: Model, target: str, options: Options, mode: Mode = "upsert") -> Comparison:
        """Compare each row's hash with the one that the target has answered to last, the model being held still.

        Raises:
            InputError: The model has no key, or its keys are not unique.
        """
        schema = model.schema(warehouse)
        check_names(model, schema)
        # Apart from what follows, which PostgreSQL then does with several processes. A model may call its columns as
        # it likes, `times` too.
        rows, filled, distinct = warehouse.fetch(
            "select cast(coalesce(sum(times), 0) as bigint), "
            f"cast(coalesce(sum(times) filter (where {ROW_KEY} is not null), 0) as bigint), count({ROW_KEY}) "
            f"from (select {quote(model.key)} as {ROW_KEY}, count(*) as times from {quote(model.table)} group by 1) "
            "as keys"
        )[0]
        model.check_key(rows, filled, distinct)
        parameters = parameters_of(target, options)
        comparison = compared(warehouse.dialect, model, schema, options)
        wanted = wanted_rows(options, mode)
        new, changed, held, differ, known, to_send, creates = warehouse.fetch(
            f"{comparison} select count(*) filter (where is_new), count(*) filter (where is_changed), "
            "count(*) filter (where was_rejected and not is_changed), "
            f"count(*) filter (where is_changed and {LAST_RECEIPT} is not null), "
            f"count(*) filter (where not is_new), count(*) filter (where {wanted}), "
            f"count(*) filter (where ({wanted}) and {LAST_RECEIPT} is null) from compared",
            parameters,
        )[0]
        answered = warehouse.fetch(f"select count(*) from {answered_rows(options)} as answered", parameters)[0][0]
        # The rows themselves are looked up only after the narrow comparison: ten times faster when few have changed.
        pending = f"{comparison} select {columns_of(schema, 'model.')}, {', '.join(ADDED)} from {quote(model.table)} "
        pending += "as model join compared "
        pending += f"on {ROW_KEY} = cast(model.{quote(model.key)} as varchar) "
        pending += f'where {wanted} order by {ROW_KEY} collate "C"' if to_send else "where false"
        return cls(
            rows=rows,
            new=new,
            changed=changed,
            held=0 if options.full or options.retry_rejected else held,
            left=differ if mode == "insert_only" else 0,
            creates=creates,
            updates=0 if mode == "insert_only" else differ,
            vanished=answered - known,
            to_send=to_send,
            pending=warehouse.fetch_arrow(pending, parameters),
        )


def check_names(model: Model, schema: pa.Schema) -> None:
    """Refuse columns that no field of a row can be called as: a dot leads from one to another.

    Raises:
        InputError: There is one.
    """
    dotted = next((name for name in schema.names if "." in name), None)
    if dotted is not None:
        raise InputError(
            f"`{model.table}` has a column with a dot in its name: `{dotted}`",
            hint="call it otherwise in the model; files alone take it as it is",
        )


def wanted_rows(options: Options, mode: Mode) -> str:
    """Return the SQL that tells, within `compared`, which rows are to be sent."""
    wanted = "true" if options.full else "compared.is_new or compared.is_changed"
    if options.retry_rejected and not options.full:
        wanted += " or compared.was_rejected"
    # What has a receipt the target has taken once.
    return f"({wanted}) and {LAST_RECEIPT} is null" if mode == "insert_only" else wanted


def parameters_of(target: str, options: Options) -> list[object]:
    """Return the parameters of what follows: `$1`, the target, and `$2`, the keys of the rows that are looked at."""
    return [target] if options.only is None else [target, list(options.only)]


def answered_rows(options: Options) -> str:
    """Return the SQL of the rows that the target has answered to, without those that it has deleted."""
    some = "" if options.only is None else " and row_key = any($2)"
    return f"(select * from ops.delivery where target = $1 and status <> 'deleted'{some})"


def compared(dialect: Dialect, model: Model, schema: pa.Schema, options: Options) -> str:
    """Return the SQL of `compared`: for each row of the model its hash, and how it stands with the target `$1`.

    The hash does not depend on the columns' order: a model whose columns move is not sent anew.
    """
    hashed = dialect.row_hash(sorted(schema, key=lambda column: column.name))
    row_key = f"cast({quote(model.key)} as varchar)"
    some = "" if options.only is None else f" where {row_key} = any($2)"
    return (
        f"with sent as {answered_rows(options)}, "
        f"hashed as (select {row_key} as {ROW_KEY}, {hashed} as {ROW_HASH} from {quote(model.table)}{some}), "
        f"compared as (select hashed.*, sent.run_id as {LAST_RUN}, sent.receipt as {LAST_RECEIPT}, "
        f"sent.field_marks as {LAST_MARKS}, sent.target_id as {LAST_ID}, "
        f"sent.row_key is null as is_new, sent.payload_hash <> {ROW_HASH} as is_changed, "
        "sent.status = 'rejected' as was_rejected "
        f"from hashed left join sent on sent.row_key = {ROW_KEY})"
    )


def vanished(warehouse: Warehouse, model: Model, target: str, options: Options) -> pa.Table:
    """Return keys of what the target has answered to and the model has no more, in order, with what is known."""
    return warehouse.fetch_arrow(
        f"select answered.row_key as {ROW_KEY}, payload_hash as {ROW_HASH}, receipt as {LAST_RECEIPT}, "
        f"target_id as {LAST_ID} from {answered_rows(options)} as answered where not exists "
        f"(select 1 from {quote(model.table)} as model "
        f"where cast(model.{quote(model.key)} as varchar) = answered.row_key) "
        'order by answered.row_key collate "C"',
        parameters_of(target, options),
    )


@dataclass(frozen=True)
class Deletions:
    """Rows that have left a model. A receipt in the send state says that the target has a row of ours.

    Attributes:
        rows: Those that the target has, with key, hash, receipt and its own id.
        forgotten: Those that it has never taken.
    """

    rows: pa.Table
    forgotten: pa.Table

    @classmethod
    def of(cls, warehouse: Warehouse, model: Model, target: str, found: Comparison, options: Options) -> Deletions:
        """Find them, the model being held still; one that is empty deletes nothing unasked."""
        if not found.vanished or not (found.rows or options.allow_empty):
            return cls.none(found)
        gone = vanished(warehouse, model, target, options)
        there = pc.is_valid(gone[LAST_RECEIPT])
        return cls(gone.filter(there), gone.filter(pc.invert(there)))

    @classmethod
    def none(cls, found: Comparison) -> Deletions:
        """Return that nothing is to be deleted."""
        empty = found.pending.select([ROW_KEY, ROW_HASH, LAST_RECEIPT, LAST_ID]).slice(0, 0)
        return cls(empty, empty)


def rows_held(warehouse: Warehouse, target: str) -> int:
    """Return how many rows a target has of us, as far as the send state knows."""
    held = "select count(*) from ops.delivery where target = $1 and status <> 'deleted' and receipt is not null"
    return int(warehouse.fetch(held, [target])[0][0])


@dataclass(frozen=True)
class ComparedPlan(Plan):
    """A plan that sends the rows which a comparison has found, and deletes those that have left the model."""

    comparison: Comparison
    deletions: Deletions
    mode: Mode

    @property
    @override
    def changes(self) -> Counts:
        found = self.comparison
        return {"create": found.creates, "update": found.updates, "delete": self.removes}

    @property
    def removes(self) -> int:
        """How many rows the target would have no more."""
        return int(self.deletions.rows.num_rows)

    @property
    @override
    def idle(self) -> bool:
        return not self.rows and not self.removes

    @override
    def describe(self) -> list[str]:
        lines = super().describe()
        if self.idle and self.held and self.mode == "mirror":
            lines.append(f"  `--allow-empty` deletes the {self.held:,} rows that it has")
        return lines

    def steps(self) -> pa.Table:
        """Return the rows to send, to delete and to forget."""
        pending = self.comparison.pending
        action = pc.if_else(pc.is_null(pending[LAST_RUN]), "create", "update")
        sent = steps_of(action, pending[ROW_KEY], pending[ROW_HASH], pending[LAST_RUN])
        gone = [("delete", self.deletions.rows), ("forget", self.deletions.forgotten)]
        return pa.concat_tables(
            [sent, *(steps_of(does, rows[ROW_KEY], rows[ROW_HASH], rows[LAST_RECEIPT]) for does, rows in gone)]
        )

    @cached_property
    def updates(self) -> Updates:
        """Which fields are to be updated."""
        return Updates.of(self.comparison.pending, self.comparison.updates)

    @override
    def fields(self, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        return self.updates.of_rows(keys) if self.comparison.updates else {}

    def forget(self, run: Run) -> None:
        """Note of the rows which the target has never taken that there is nothing to be done about them."""
        gone = self.deletions.forgotten
        if gone.num_rows:
            Confirmations(self, run).keep(answers(gone[ROW_KEY], gone[ROW_HASH], "deleted", None), [])

    def details(self) -> list[str]:
        """Say how many rows there are of each kind."""
        found = self.comparison
        lines = [
            f"send       {found.to_send:,} ({found.new:,} new, {found.changed:,} changed)",
            *(self.updates.describe() if found.updates else ()),
            f"unchanged  {self.unchanged - found.held - found.left:,}",
        ]
        if found.left:
            lines.append(f"left       {found.left:,} that have changed: the target keeps them as they were inserted")
        if found.held:
            lines.append(
                f"held back  {found.held:,} that the target rejected as they are: `--retry-rejected` sends them"
            )
        if self.removes:
            lines.append(f"delete     {self.removes:,} that are no longer in the model")
        if found.vanished and self.mode != "mirror":
            lines.append(f"vanished   {found.vanished:,} are no longer in the model: nothing is deleted at the target")
        return lines
