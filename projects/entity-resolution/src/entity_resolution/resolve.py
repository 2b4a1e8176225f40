"""The steps of a run: look whether there is anything new, train, link, and publish the result."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from entity_resolution import master
from entity_resolution.entity_ids import IdPolicy, SmallestParty
from entity_resolution.golden import golden_records
from entity_resolution.model_store import ModelStore
from entity_resolution.parties import parties_hash, read_parties, require_parties
from entity_resolution.quality import Measures, compare_with_truth, count_entities, truth_hash
from entity_resolution.settings import Options
from shared.config import Settings
from shared.errors import UserError
from shared.monitoring import Run
from shared.utils.console import say, step
from shared.warehouse import Warehouse

# Splink takes a second to import, and a run with nothing new does without it: it is imported where it is used.
if TYPE_CHECKING:
    import duckdb

Training = Literal["never", "if needed", "always"]
ID_POLICY: IdPolicy = SmallestParty()


@dataclass(frozen=True)
class Job:
    """What every step needs: an open warehouse, settings, and the run that is being recorded."""

    warehouse: Warehouse
    settings: Settings
    options: Options
    run: Run

    @property
    def models(self) -> ModelStore:
        """The models of this warehouse."""
        return ModelStore(self.warehouse)


def resolve(job: Job, *, training: Training = "if needed", full: bool = False) -> Measures:
    """Bring master in line with core, and return the measures of what it holds then.

    Args:
        job: Where to work.
        training: Whether to train a model first; `if needed` trains where there is none or an outdated one.
        full: Do the work also where nothing has changed since the last time.

    Raises:
        UserError: Core holds no parties table, or there is no model and none may be trained.
    """
    require_parties(job.warehouse)
    master.make_tables(job.warehouse)
    if not full and training != "always" and master.holds(job.warehouse, fingerprint(job)):
        say("nothing new: parties, model and settings are those of the last run (--full does it all again)")
        return _record(job, master.read_measures(job.warehouse))
    parties = _read(job)
    with _session(job, parties) as connection:
        _make_model(job, connection, parties, training)
        clusters = _link(job, connection)
    with step("choose golden records"):
        resolution = _resolution(job, parties, clusters)
    with step("write master"):
        master.publish(job.warehouse, job.run.id, resolution)
    return _record(job, resolution.measures)


def train(job: Job) -> None:
    """Train a model on the parties of core and make it the one in use.

    Raises:
        UserError: Core holds no parties table.
    """
    require_parties(job.warehouse)
    parties = _read(job)
    with _session(job, parties) as connection:
        _make_model(job, connection, parties, "always")


def evaluate(job: Job, truth: Path) -> Measures:
    """Measure what master holds against the truth, and store the measures.

    Raises:
        UserError: There is no resolution yet.
        InputError: The truth cannot be read.
    """
    if not job.warehouse.table_exists(master.XREF):
        raise UserError("there is no resolution to evaluate", hint="run `./pixiw run resolve` first")
    xref = master.read_xref(job.warehouse)
    measures = count_entities(xref) | compare_with_truth(xref, truth)
    master.store_measures(job.warehouse, job.run.id, measures)
    return _record(job, measures)


def fingerprint(job: Job) -> str:
    """Return a hash of all that a resolution is made from: parties, model, settings, truth, and this code."""
    digest = hashlib.sha256()
    made_from = (
        parties_hash(job.warehouse),
        job.models.current_text(),
        str(job.options.threshold),
        truth_hash(job.options.truth),
        *(path.read_text() for path in sorted(Path(__file__).parent.glob("*.py"))),
    )
    for text in made_from:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()


def _read(job: Job) -> pa.Table:
    with step("read parties"):
        return read_parties(job.warehouse)


def _session(job: Job, parties: pa.Table) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    with step("start Splink"):
        from entity_resolution.splink_session import session

        return session(
            parties, memory_limit=job.settings.warehouse_memory_limit, spill=job.warehouse.state_dir / "spill"
        )


def _make_model(job: Job, connection: duckdb.DuckDBPyConnection, parties: pa.Table, training: Training) -> None:
    """Make sure that there is a model to predict with, training one where `training` says so."""
    from entity_resolution import model as definition
    from entity_resolution.training import train as train_model

    model = None if training == "always" else job.models.current()
    if training == "never":
        if model is None:
            raise UserError("there is no model yet", hint="run `python -m entity_resolution train` first")
        return
    # Starting weights give way as soon as there is something to learn from.
    if model is None or not model.learned or model.definition != definition.definition():
        with step("train"):
            model = train_model(connection, parties)
            name = job.models.save(model)
        learned = "learned from the parties" if model.learned else "Splink's starting weights, too few sure matches"
        say(f"    {job.models.folder / name}: {learned}")


def _link(job: Job, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    from entity_resolution.linking import cluster_parties

    model = job.models.current()
    assert model is not None
    with step("link"):
        return cluster_parties(connection, model.settings, job.options.threshold)


def _resolution(job: Job, parties: pa.Table, clusters: pa.Table) -> master.Resolution:
    entities = ID_POLICY.assign(clusters, master.read_xref(job.warehouse).select(["party_id", "entity_id"]))
    # Both are in the order of party_id, a row for each party.
    xref = entities.append_column("source_system", parties["source_system"])
    xref = xref.append_column("source_id", parties["source_id"])
    truth = job.options.truth
    return master.Resolution(
        xref=xref,
        golden=golden_records(parties, entities),
        measures=count_entities(xref) | (compare_with_truth(xref, truth) if truth else {}),
        fingerprint=fingerprint(job),
        model=str(job.models.current_name()),
        threshold=job.options.threshold,
    )


def _record(job: Job, measures: Measures) -> Measures:
    for table in (master.XREF, master.GOLDEN):
        job.run.output(table, rows=job.warehouse.row_count(table))
    for name, value in measures.items():
        job.run.metric(name, value)
    return measures
