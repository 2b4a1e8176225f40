"""The target `crm`: changed rows to a REST API, each one confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from typing_extensions import override

from egress.comparison import ADDED, ComparedPlan, Comparison
from egress.models import Model
from egress.payload import to_json
from egress.plan import Options, Tally, Target
from egress.sender import PAYLOAD, ChunkSender
from egress.settings import TargetSettings
from shared.monitoring import Run
from shared.monitoring.lineage import Dataset
from shared.warehouse import Warehouse


class CrmTarget(Target):
    """Sends the rows whose content differs from what the CRM has answered to last."""

    model = Model("egress.retl_crm_customers", key="customer_id")
    form = "changed rows to `POST $CRM_API_URL/customers/batch`"
    required_settings = ("CRM_API_URL",)

    def __init__(self, settings: TargetSettings) -> None:
        self.name = settings.crm_target_name
        self.settings = settings

    @property
    @override
    def missing_setting(self) -> str | None:
        return None if self.settings.crm_api_url else "CRM_API_URL"

    def datasets(self) -> tuple[Dataset, ...]:
        """Return the API's customers."""
        assert self.settings.crm_api_url, "a target that lacks a setting is not run"
        return (Dataset.of_url(f"{self.settings.crm_api_url.rstrip('/')}/customers"),)

    def plan(self, warehouse: Warehouse, options: Options) -> CrmPlan:
        """Compare each row's hash with the one that the CRM has answered to last."""
        with self.model.held_still(warehouse):
            found = Comparison.of(warehouse, self.model, self.name, options)
        return CrmPlan(self.name, self.model, found.rows, found.to_send, found, self.settings)


@dataclass(frozen=True)
class CrmPlan(ComparedPlan):
    """Which rows to send; nothing is done about those that have vanished."""

    settings: TargetSettings

    @override
    def details(self) -> list[str]:
        lines = super().details()
        if self.comparison.vanished:
            count = self.comparison.vanished
            lines.append(f"vanished   {count:,} are no longer in the model: nothing is deleted at the target")
        return lines

    def apply(self, run: Run, tally: Tally) -> None:
        """Send the rows in chunks; what the CRM says to a chunk is kept before the next one is sent."""
        if not self.to_send:
            return
        # dlt takes a second to import, and most runs send nothing.
        from egress.api import CrmApi
        from egress.carrier import carry
        from shared.http.bounds import bounds_with

        settings = self.settings
        assert settings.crm_api_url, "a target that lacks a setting is not run"
        bounds = bounds_with(
            http_silence=settings.crm_timeout, http_tries=settings.crm_tries, http_backoff=settings.crm_backoff
        )
        with CrmApi(settings.crm_api_url, bounds) as api:
            carry(
                self.target,
                lambda: payloads(self.comparison.pending, settings.crm_chunk_rows),
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
