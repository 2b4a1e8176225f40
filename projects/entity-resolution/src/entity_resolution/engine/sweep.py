"""What other thresholds would find: each is measured against the truth, and what master holds stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import pyarrow as pa

from entity_resolution.engine import master
from entity_resolution.engine.in_memory import in_memory, session_in
from entity_resolution.engine.linking.splink_log import splink_logged
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.parties import current_parties
from entity_resolution.engine.quality import compare_with_truth, known_entities
from entity_resolution.engine.resolve import Job, required_model, start_splink
from entity_resolution.entity import KEY
from shared.errors import UserError
from shared.matching import Measures, compare
from shared.monitoring.lineage import Origin
from shared.utils.clock import utc_now
from shared.utils.console import step
from shared.warehouse import quote

TABLE = "master.threshold_sweep"
THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
SCHEMA = pa.schema(
    [("entity", pa.string()), ("hidden_share", pa.float64()), ("threshold", pa.float64())]
    + [(field.name, pa.int64() if field.type == "int" else pa.float64()) for field in fields(Measures)]
    + [("model", pa.string()), ("swept_at", pa.timestamp("us")), ("run_id", pa.string())]
)
Row = dict[str, object]


def sweep(job: Job, truth: Path, thresholds: Sequence[float] = (), hidden_share: float = 0.0) -> list[Row]:
    """Measure what the model in use would find at each threshold, and replace the entity's rows of `TABLE`.

    All is done in memory, whatever the engine, so both come to the same.

    Args:
        job: Where to work; master is in line with core.
        truth: Who is who.
        thresholds: What to try beside the threshold that is set; `THRESHOLDS` where empty.
        hidden_share: Try it again with the entity's `hidden` columns hidden in this share of the parties, by a model
            of their own.

    Returns:
        The rows of the table: measures as in `shared.matching`; `model` is null where one was trained for the purpose.

    Raises:
        UserError: The truth names no pair of the parties.
        InputError: The truth cannot be read.
    """
    if not compare_with_truth(job.entity, master.read_xref(job.warehouse, job.entity), truth):
        raise UserError(f"the truth names none of these parties: `{truth}`", hint="name another with --truth")
    wanted = sorted({*(thresholds or THRESHOLDS), job.options.threshold})
    made = {"entity": job.entity.name, "swept_at": utc_now(), "run_id": job.run.id}
    start_splink()
    with splink_logged(job.settings):
        rows = [row | made for share in sorted({0.0, hidden_share}) for row in measured(job, truth, wanted, share)]
    with step("write the sweep"):
        _write(job, pa.Table.from_pylist(rows, SCHEMA))
    job.run.output(TABLE, rows=job.warehouse.row_count(TABLE), origin=Origin((job.entity.parties.relation,)))
    return rows


def _write(job: Job, rows: pa.Table) -> None:
    if not job.warehouse.table_exists(TABLE):
        job.warehouse.replace_arrow(TABLE, rows)
        return
    with job.warehouse.transaction():
        job.warehouse.execute(f"delete from {TABLE} where entity = $1", [job.entity.name])
        job.warehouse.append_arrow(TABLE, rows)


def parties_with_hidden(job: Job, share: float) -> str:
    """Return the query for the current parties, of which a share, always the same, lack what `Entity.hidden` names."""
    entity, parties = job.entity, current_parties(job.warehouse, job.entity)
    if not share:
        return parties
    # Of the first 16 bits of a hash that is the same on every engine.
    limit = f"{round(share * 0xFFFF):04x}"
    seen = f"left(md5(party_id), 4) collate \"C\" >= '{limit}'"
    columns = [
        f"case when {seen} then {quote(name)} end as {quote(name)}" if name in entity.hidden else quote(name)
        for name in (*KEY, *entity.columns)
    ]
    return f"(select {', '.join(columns)} from {parties} as whole)"


def measured(job: Job, truth: Path, thresholds: Sequence[float], share: float) -> list[Row]:
    """Return the rows of a sweep, without writing them; see `sweep`."""
    model = None if share else required_model(job)
    name = None if share else job.models.current_name()
    rows = []
    for threshold, found in clusters_at_each(job, model, thresholds, share):
        measures = vars(compare(found, known_entities(job.entity, found, truth)))
        rows.append({"hidden_share": share, "threshold": threshold, "model": name, **measures})
    return rows


def clusters_at_each(
    job: Job, model: Model | None, thresholds: Sequence[float], share: float = 0.0
) -> Iterator[tuple[float, pa.Table]]:
    """Return what the parties of now are grouped to at each threshold, columns `party_id`, `cluster_id`.

    Args:
        job: Where to work.
        model: How they are compared; None to train one for the purpose.
        thresholds: Match probabilities.
        share: In how many of the parties the entity's `hidden` columns are hidden.
    """
    from entity_resolution.engine.linking.linking import cluster_at_each
    from entity_resolution.engine.training.training import train

    label = f"try {len(thresholds)} thresholds" + (f", fields hidden in {share:.0%} of the parties" if share else "")
    parties = parties_with_hidden(job, share)
    with step(label), in_memory(job.warehouse, job.settings, job.entity, parties) as connection:
        used = model or train(connection, job.entity)
        for threshold, clusters in cluster_at_each(session_in(connection, job.entity), used, thresholds):
            yield threshold, connection.sql(f"select party_id, cluster_id from {clusters.table}").to_arrow_table()
