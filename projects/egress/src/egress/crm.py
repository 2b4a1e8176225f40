"""The target `crm`: changed rows to a REST API, each one confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from typing_extensions import override

from egress.models import Model, row_hash
from egress.payload import to_json
from egress.plan import Options, Plan, Tally, Target
from egress.sender import LAST_RUN, PAYLOAD, ROW_HASH, ROW_KEY, ChunkSender
from egress.settings import TargetSettings
from shared.monitoring import Run
from shared.warehouse import Warehouse, quote

# What the query of pending rows adds to the model's columns.
ADDED = (ROW_KEY, ROW_HASH, LAST_RUN)


class CrmTarget(Target):
    """Sends the rows whose content differs from what the CRM has answered to last."""

    model = Model("egress.retl_crm_customers", key="customer_id")
    form = "changed rows to `POST $CRM_API_URL/customers/batch`"

    def __init__(self, settings: TargetSettings) -> None:
        self.name = settings.crm_target_name
        self.settings = settings

    @property
    @override
    def missing_setting(self) -> str | None:
        return None if self.settings.crm_api_url else "CRM_API_URL"

    def plan(self, warehouse: Warehouse, options: Options) -> CrmPlan:
        """Compare each row's hash with the one that the CRM has answered to last."""
        schema = self.model.schema(warehouse)
        comparison = compared(self.model, schema)
        rows, filled, distinct, new, changed, held, known = warehouse.fetch(
            f"{comparison} select count(*), count({ROW_KEY}), count(distinct {ROW_KEY}), "
            "count(*) filter (where is_new), count(*) filter (where is_changed), "
            "count(*) filter (where not is_changed and was_rejected), "
            "count(*) filter (where not is_new) from compared",
            [self.name],
        )[0]
        self.model.check_key(rows, filled, distinct)
        answered = warehouse.fetch("select count(*) from ops.delivery where target = $1", [self.name])[0][0]
        wanted = "true" if options.full else "is_new or is_changed"
        to_send = rows if options.full else new + changed
        if options.retry_rejected and not options.full:
            wanted, to_send = f"{wanted} or was_rejected", to_send + held
        # The rows themselves are looked up only after the narrow comparison: ten times faster when few have changed.
        pending = f"{comparison} select model.*, {', '.join(ADDED)} from {quote(self.model.table)} model join compared "
        pending += f"on {ROW_KEY} = cast(model.{quote(self.model.key)} as varchar) "
        pending += f"where {wanted} order by {ROW_KEY}" if to_send else "where false"
        return CrmPlan(
            target=self.name,
            model=self.model,
            rows=rows,
            to_send=to_send,
            new=new,
            changed=changed,
            held=0 if options.full or options.retry_rejected else held,
            vanished=answered - known,
            pending=warehouse.fetch_arrow(pending, [self.name]),
            settings=self.settings,
        )


def compared(model: Model, schema: pa.Schema) -> str:
    """Return the SQL of `compared`: for each row of the model its hash, and how it stands with the target `$1`.

    The hash does not depend on the columns' order: a model whose columns move is not sent anew.
    """
    hashed = row_hash(sorted(schema, key=lambda column: column.name))
    return (
        "with sent as (select row_key, payload_hash, status, run_id from ops.delivery where target = $1), "
        f"hashed as (select cast({quote(model.key)} as varchar) as {ROW_KEY}, {hashed} as {ROW_HASH} "
        f"from {quote(model.table)}), "
        f"compared as (select hashed.*, sent.run_id as {LAST_RUN}, sent.row_key is null as is_new, "
        f"sent.payload_hash <> {ROW_HASH} as is_changed, sent.status = 'rejected' as was_rejected "
        f"from hashed left join sent on sent.row_key = {ROW_KEY})"
    )


@dataclass(frozen=True)
class CrmPlan(Plan):
    """Which rows to send.

    Attributes:
        new: Rows that the target has never answered to.
        changed: Rows with another content than it answered to last.
        held: Rows that it has rejected and that have not changed since; not sent.
        vanished: Rows that it has answered to and that the model has no more; nothing is done about them.
        pending: The rows to send, in order of their keys.
    """

    new: int
    changed: int
    held: int
    vanished: int
    pending: pa.Table
    settings: TargetSettings

    def details(self) -> list[str]:
        """Say how many rows there are of each kind."""
        lines = [
            f"send       {self.to_send:,} ({self.new:,} new, {self.changed:,} changed)",
            f"unchanged  {self.unchanged - self.held:,}",
        ]
        if self.held:
            lines.append(
                f"held back  {self.held:,} that the target rejected as they are: `--retry-rejected` sends them"
            )
        if self.vanished:
            lines.append(f"vanished   {self.vanished:,} are no longer in the model: nothing is deleted at the target")
        return lines

    def apply(self, run: Run, tally: Tally) -> None:
        """Send the rows in chunks; what the CRM says to a chunk is kept before the next one is sent."""
        if not self.to_send:
            return
        # dlt takes a second to import, and most runs send nothing.
        from egress.api import CrmApi
        from egress.carrier import carry

        settings = self.settings
        assert settings.crm_api_url, "a target that lacks a setting is not run"
        with CrmApi(
            settings.crm_api_url,
            tries=settings.crm_tries,
            timeout=settings.crm_timeout,
            backoff=settings.crm_backoff,
        ) as api:
            carry(
                self.target,
                lambda: payloads(self.pending, settings.crm_chunk_rows),
                ChunkSender(self, run, api, tally).send,
                expected=self.to_send,
                chunk_rows=settings.crm_chunk_rows,
                folder=run.warehouse.state_dir / "egress" / self.target,
            )


def payloads(pending: pa.Table, chunk_rows: int) -> Iterator[pa.Table]:
    """Yield the rows as what is sent of each, with its key, its hash and the run that sent it last."""
    for batch in pending.to_batches(max_chunksize=chunk_rows):
        rows = batch.drop_columns(list(ADDED)).to_pylist()
        added = {name: batch[name].cast(pa.string()).fill_null("") for name in ADDED}
        yield pa.table({**added, PAYLOAD: [to_json(row) for row in rows]})
