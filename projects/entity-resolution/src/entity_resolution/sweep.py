"""What other thresholds would find: each is measured against the truth, and what master holds stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pyarrow as pa

from entity_resolution import master
from entity_resolution.in_memory import in_memory
from entity_resolution.parties import COLUMNS, current_parties
from entity_resolution.parties import TABLE as PARTIES
from entity_resolution.quality import compare_with_truth, read_persons
from entity_resolution.resolve import Job
from entity_resolution.splink_log import splink_logged
from shared.errors import UserError
from shared.matching import Measures, compare
from shared.monitoring.lineage import Origin
from shared.utils.clock import utc_now
from shared.utils.console import step
from shared.warehouse import quote

TABLE = "master.threshold_sweep"
THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
# What a source that asks for less does not deliver.
HIDDEN_FIELDS = ("date_of_birth", "street_number", "address_1")
SCHEMA = pa.schema(
    [("hidden_share", pa.float64()), ("threshold", pa.float64())]
    + [(field.name, pa.int64() if field.type == "int" else pa.float64()) for field in fields(Measures)]
    + [("model", pa.string()), ("swept_at", pa.timestamp("us")), ("run_id", pa.string())]
)
Row = dict[str, object]


def sweep(job: Job, truth: Path, thresholds: Sequence[float] = (), hidden_share: float = 0.0) -> list[Row]:
    """Measure what the model in use would find at each threshold, and replace `TABLE` by that.

    All is done in memory, whatever the engine, so both come to the same.

    Args:
        job: Where to work; master is in line with core.
        truth: Who is who.
        thresholds: What to try beside the threshold that is set; `THRESHOLDS` where empty.
        hidden_share: Try it again with `HIDDEN_FIELDS` hidden in this share of the parties, by a model of their own.

    Returns:
        The rows of the table: measures as in `shared.matching`; `model` is null where one was trained for the purpose.

    Raises:
        UserError: The truth names no pair of the parties.
        InputError: The truth cannot be read.
    """
    if not compare_with_truth(master.read_xref(job.warehouse), truth):
        raise UserError(f"the truth names none of these parties: `{truth}`", hint="name another with --truth")
    wanted = sorted({*(thresholds or THRESHOLDS), job.options.threshold})
    made = {"swept_at": utc_now(), "run_id": job.run.id}
    with step("start Splink"):
        import_module("entity_resolution.linking")
    with splink_logged(job.settings):
        rows = [row | made for share in sorted({0.0, hidden_share}) for row in _measured(job, truth, wanted, share)]
    with step("write the sweep"):
        written = job.warehouse.replace_arrow(TABLE, pa.Table.from_pylist(rows, SCHEMA))
    job.run.output(TABLE, rows=written, origin=Origin((PARTIES,)))
    return rows


def parties_with_hidden(share: float) -> str:
    """Return the query for the current parties, of which a share, always the same ones, lack `HIDDEN_FIELDS`."""
    if not share:
        return current_parties()
    # Of the first 16 bits of a hash that is the same on every engine.
    limit = f"{round(share * 0xFFFF):04x}"
    hidden = f"left(md5(party_id), 4) collate \"C\" < '{limit}'"
    columns = [
        f"case when {hidden} then null else {quote(name)} end as {quote(name)}"
        if name in HIDDEN_FIELDS
        else quote(name)
        for name in COLUMNS
    ]
    return f"(select {', '.join(columns)} from {current_parties()} as whole)"


def _measured(job: Job, truth: Path, thresholds: Sequence[float], share: float) -> list[Row]:
    from splink import DuckDBAPI

    from entity_resolution.linking import cluster_at_each
    from entity_resolution.training import train

    persons = read_persons(truth)
    label = f"try {len(thresholds)} thresholds" + (f", fields hidden in {share:.0%} of the parties" if share else "")
    with step(label), in_memory(job.warehouse, job.settings, parties_with_hidden(share)) as connection:
        model = train(connection) if share else job.models.current()
        assert model is not None
        rows = []
        for threshold, clusters in cluster_at_each(DuckDBAPI(connection), model.settings, thresholds):
            found = connection.sql(f"select party_id, cluster_id from {clusters}").to_arrow_table()
            measures = vars(compare(found, persons))
            name = None if share else job.models.current_name()
            rows.append({"hidden_share": share, "threshold": threshold, "model": name, **measures})
    return rows
