"""The kind `rest`: changed rows to an API, each one confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
from typing_extensions import override

from egress.engine.comparison import ADDED, ComparedPlan, Comparison
from egress.engine.interrupts import ending_between_chunks
from egress.engine.payload import to_json
from egress.engine.plan import Options, Tally, Target
from egress.kinds.rest.declared import Answers, RestSettings
from egress.kinds.rest.sender import PAYLOAD, ChunkSender
from shared.config import read_settings
from shared.monitoring import Run
from shared.monitoring.lineage import Dataset
from shared.warehouse import Warehouse

# Rows that are Python objects at one time.
BATCH_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class Rest(Target):
    """Sends the rows whose content differs from what an API has answered to last.

    Attributes:
        path: The call below the API's address.
        dataset: What the rows are below that address, for lineage.
        rows: The field of a request that has the rows.
        answers: Where an answer says what became of each.
    """

    path: str = field(kw_only=True)
    dataset: str = field(kw_only=True)
    rows: str = field(kw_only=True)
    answers: Answers = field(kw_only=True)

    @property
    def values(self) -> RestSettings:
        """What its settings say."""
        return read_settings(RestSettings, prefix=self.setting(""))

    @property
    @override
    def name(self) -> str:
        return self.values.target_name or self.declared

    @property
    @override
    def name_setting(self) -> str:
        return self.setting("target_name")

    @property
    def form(self) -> str:
        """The call."""
        return f"changed rows to `POST ${self.setting('api_url')}{self.path}`"

    @property
    @override
    def required_settings(self) -> tuple[str, ...]:
        return (self.setting("api_url"),)

    @property
    def url(self) -> str:
        """The API's address."""
        url = self.values.api_url
        assert url, "a target that lacks a setting is not run"
        return url

    def datasets(self) -> tuple[Dataset, ...]:
        """Return the address of the rows."""
        return (Dataset.of_url(f"{self.url.rstrip('/')}{self.dataset}"),)

    def plan(self, warehouse: Warehouse, options: Options) -> RestPlan:
        """Compare each row's hash with the one that the API has answered to last."""
        name = self.name
        with self.model.held_still(warehouse):
            found = Comparison.of(warehouse, self.model, name, options)
        return RestPlan(name, self.model, found.rows, found.to_send, found, self)


@dataclass(frozen=True)
class RestPlan(ComparedPlan):
    """Which rows to send; nothing is done about those that have vanished."""

    to: Rest

    @override
    def details(self) -> list[str]:
        lines = super().details()
        if self.comparison.vanished:
            count = self.comparison.vanished
            lines.append(f"vanished   {count:,} are no longer in the model: nothing is deleted at the target")
        return lines

    def apply(self, run: Run, tally: Tally) -> None:
        """Send the rows in chunks; what the API says to a chunk is kept before the next one is sent."""
        if not self.to_send:
            return
        # What talks to servers takes a moment to import, and most runs send nothing.
        from egress.kinds.rest.api import RestApi
        from shared.http.bounds import bounds_with

        to, values = self.to, self.to.values
        bounds = bounds_with(http_silence=values.timeout, http_tries=values.tries, http_backoff=values.backoff)
        # All of them first: a row that cannot be written as JSON stops the delivery before anything is sent.
        sent = pa.concat_tables(payloads(self.comparison.pending))
        with RestApi(to.url, to.path, to.answers, bounds, to.setting("api_url")) as api, ending_between_chunks() as ask:
            sender = ChunkSender(self, run, api, tally, rows=to.rows, answers=to.answers)
            for begin in range(0, sent.num_rows, values.chunk_rows):
                sender.send(sent.slice(begin, values.chunk_rows))
                ask()


def payloads(pending: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows as what is sent of each, with its key, its hash and the run that sent it last."""
    for batch in pending.to_batches(max_chunksize=BATCH_ROWS):
        rows = batch.drop_columns(list(ADDED)).to_pylist()
        added = {name: batch[name].cast(pa.string()).fill_null("") for name in ADDED}
        yield pa.table({**added, PAYLOAD: [to_json(row) for row in rows]})
