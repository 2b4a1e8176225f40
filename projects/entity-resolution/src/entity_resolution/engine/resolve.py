"""The steps of a run: look whether there is anything new, train, link, and publish the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from entity_resolution.engine import master
from entity_resolution.engine.blocking.basis import Basis
from entity_resolution.engine.doubts import doubts
from entity_resolution.engine.golden import overrides, records
from entity_resolution.engine.in_memory import in_memory
from entity_resolution.engine.increments.difference import Difference, difference
from entity_resolution.engine.increments.increment import link_changes, with_others
from entity_resolution.engine.linking.splink_log import splink_logged
from entity_resolution.engine.linking.workplace import CLUSTER_COLUMNS, Linked, OpenWorkplace, Workplace
from entity_resolution.engine.model_doubts import model_doubts
from entity_resolution.engine.model_store import Model, ModelStore
from entity_resolution.engine.parties import count_parties, current_parties
from entity_resolution.engine.quality import Measures, compare_with_truth, count_entities, entity_sizes
from entity_resolution.engine.registry import Change, next_change, read_part, read_state
from entity_resolution.engine.remarks import remarks
from entity_resolution.engine.scratch import scratch
from entity_resolution.entity import Entity
from entity_resolution.settings import Options
from shared.config import Settings
from shared.errors import UserError
from shared.monitoring import Run
from shared.monitoring.lineage import Origin
from shared.monitoring.versions import Code, File, Rows, Step, Value, is_current, keep
from shared.utils.console import say, step
from shared.warehouse import Warehouse
from shared.warehouse.migrations import migrate

if TYPE_CHECKING:
    import duckdb

Training = Literal["never", "if needed", "always"]


@dataclass(frozen=True)
class Job:
    """What every step needs: the entity, an open warehouse, settings, and the run that is being recorded.

    Attributes:
        open_workplace: Puts the entity's current parties where they are linked.
    """

    entity: Entity
    warehouse: Warehouse
    settings: Settings
    options: Options
    run: Run
    open_workplace: OpenWorkplace

    @property
    def models(self) -> ModelStore:
        """The entity's models in this warehouse."""
        return ModelStore(self.warehouse, self.entity.name)


@dataclass(frozen=True)
class Outcome:
    """What master holds after a run, and what the run did not look at, in sentences."""

    measures: Measures
    remarks: Sequence[str] = ()


def resolve(job: Job, *, training: Training = "if needed", full: bool = False) -> Outcome:
    """Bring master in line with core, and return what it holds then.

    Args:
        job: Where to work.
        training: Whether to train a model first; `if needed` trains where there is none or an outdated one.
        full: Do the work also where nothing has changed since the last time.

    Raises:
        UserError: Core holds no parties as declared, or there is no model and none may be trained.
    """
    parties = current_parties(job.warehouse, job.entity)
    master.make_tables(job.warehouse, job.entity)
    wanted = full or training == "always"
    if not wanted and is_current(job.warehouse, resolution_step(job, parties)):
        say("nothing new: parties, model and settings are those of the last run (--full does it all again)")
        return Outcome(_record(job, master.read_measures(job.warehouse, job.entity)))
    if training == "never":
        required_model(job)
    with splink_logged(job.settings), ExitStack() as stack:
        with step("read parties"):
            workplace = stack.enter_context(job.open_workplace(job.warehouse, job.settings, job.entity))
        start_splink()
        if training == "always" or (training == "if needed" and is_outdated(job)):
            with workplace.session() as connection:
                _train(job, connection)
        model = required_model(job)
        former = master.read_measures(job.warehouse, job.entity)
        previous = master.read_xref(job.warehouse, job.entity)
        linked = link(job, workplace, model, before=None if wanted else previous)
        workplace.release()
        with step("choose golden records"):
            resolution = _resolution(job, workplace, linked, previous)
        with step("write master"), job.warehouse.transaction():
            master.publish(job.warehouse, job.entity, job.run.id, resolution)
            keep(job.run, resolution_step(job, workplace.parties))
    moved = overrides.notes(job.warehouse, job.entity, master.registry(job.entity).history)
    held_out = remarks(linked, model)
    found = [
        *model_doubts(model, linked, entity_sizes(resolution.entities)),
        *doubts(resolution.measures, former, previous, resolution.entities),
    ]
    for doubt in [*held_out, *found, *moved]:
        say(f"warning: {doubt}")
    return Outcome(_record(job, resolution.measures, held_out), held_out)


def decide(job: Job, decision: Callable[[], None]) -> bool:
    """Take a person's decision of values, and choose golden records anew where all else is as it was.

    Args:
        job: Where to work.
        decision: Changes what people have decided.

    Returns:
        Whether golden records have it; where something else is new, the next run brings it to them.
    """
    parties = current_parties(job.warehouse, job.entity)
    current = is_current(job.warehouse, resolution_step(job, parties))
    if current:
        records.choose(job.warehouse, job.entity, parties, master.xref_table(job.entity))
    with job.warehouse.transaction():
        decision()
        if current:
            master.publish_golden(job.warehouse, job.entity, job.run.id)
            keep(job.run, resolution_step(job, parties))
    if current:
        _record(job, master.read_measures(job.warehouse, job.entity))
    return current


def train(job: Job) -> None:
    """Train a model on the parties of core and make it the one in use.

    Raises:
        UserError: Core holds no parties as declared.
    """
    parties = current_parties(job.warehouse, job.entity)
    with splink_logged(job.settings), ExitStack() as stack:
        with step("read parties"):
            connection = stack.enter_context(in_memory(job.warehouse, job.settings, job.entity, parties))
        start_splink()
        _train(job, connection)


def evaluate(job: Job, truth: Path) -> Measures:
    """Measure what master holds against the truth, and store the measures.

    Raises:
        UserError: There is no resolution yet.
        InputError: The truth cannot be read.
    """
    migrate(job.warehouse, master.MIGRATIONS)
    if not master.is_resolved(job.warehouse, job.entity):
        raise UserError(
            f"there is no resolution of `{job.entity.name}` to evaluate", hint="run `./pixiw run resolve` first"
        )
    xref = master.read_xref(job.warehouse, job.entity)
    measures = count_entities(xref) | compare_with_truth(job.entity, xref, truth)
    master.store_measures(job.warehouse, job.entity, job.run.id, measures)
    return _record(job, measures)


def resolution_step(job: Job, parties: str) -> Step:
    """Return the step that a resolution is.

    Args:
        job: Where it is done.
        parties: What it resolves: a table, or a query in brackets, with the columns of `current_parties`.
    """
    inputs = {job.entity.parties.relation: Rows(job.warehouse, parties), "model": Value(job.models.current_text())}
    decided = {overrides.TABLE: Rows(job.warehouse, overrides.version_query(job.entity))}
    truth = {"truth": File(job.options.truth)} if job.options.truth else {}
    return Step(
        name=f"resolve {job.entity.name}",
        inputs={**inputs, **decided, **truth},
        settings={"threshold": job.options.threshold},
        code=Code(Path(__file__).parents[1]),
        outputs=master.parts(job.warehouse, job.entity),
    )


def start_splink() -> None:
    """Import Splink, which takes a second: a run with nothing new does without it."""
    with step("start Splink"):
        import_module("entity_resolution.engine.linking.linking")


def required_model(job: Job) -> Model:
    """Return the model in use.

    Raises:
        UserError: There is none.
    """
    model = job.models.current()
    if model is None:
        raise UserError(
            f"there is no model of `{job.entity.name}` yet", hint="run `python -m entity_resolution train` first"
        )
    return model


def is_outdated(job: Job) -> bool:
    """Tell whether the model is to be replaced. Starting weights give way once there is something to learn from."""
    from entity_resolution.engine.linking.definition import definition

    model = job.models.current()
    return model is None or not model.learned or model.definition != definition(job.entity)


def _train(job: Job, connection: duckdb.DuckDBPyConnection) -> None:
    from entity_resolution.engine.training.training import train as train_model

    with step("train"):
        model = train_model(connection, job.entity)
        name = job.models.save(model)
    learned = "learned from the parties" if model.learned else "Splink's starting weights, too few sure matches"
    say(f"    {job.models.folder / name}: {learned}")


def link(job: Job, workplace: Workplace, model: Model, *, before: pa.Table | None = None) -> Linked:
    """Group the parties as a model does.

    Args:
        job: Where to work.
        workplace: Where the parties are.
        model: How they are compared.
        before: The entities that master has, columns `party_id`, `entity_id`: where few records have changed since and
            all else is as it was, only these are linked. None to link all.

    Raises:
        UserError: A party has no id, or the same as another one.
    """
    with step("link"):
        count = count_parties(job.warehouse, workplace.parties)
        if count < 2:
            alone = (
                f"select {CLUSTER_COLUMNS} from (select *, party_id as cluster_id from {workplace.parties} as party)"
            )
            return Linked(job.warehouse.fetch_arrow(f"{alone} as alone"))
        changes = None if before is None else _link_changes(job, workplace, model, before, count)
        return changes or workplace.cluster(model, job.options.threshold)


def _link_changes(job: Job, workplace: Workplace, model: Model, before: pa.Table, count: int) -> Linked | None:
    unchanged = resolution_step(job, workplace.parties)
    if not is_current(job.warehouse, unchanged, but=[job.entity.parties.relation]):
        return None
    basis = master.read_basis(job.warehouse, job.entity)
    if basis is None:
        return None
    rows = difference(job.warehouse, workplace.parties, master.xref_table(job.entity))
    found = Difference(rows, count, before, basis)
    return link_changes(job.entity, workplace, model, job.options.threshold, found)


def decided(job: Job, linked: Linked) -> tuple[pa.Table, Change]:
    """Give ids to what was linked.

    Returns:
        Columns `master.XREF_COLUMNS`, of all parties or of the part that was linked again; and what changes.
    """
    tables, clusters = master.registry(job.entity), linked.clusters
    if linked.touched is None:
        state = read_state(job.warehouse, tables)
    else:
        state = read_part(job.warehouse, tables, linked.touched)
        clusters = with_others(job.warehouse, job.entity, linked)
    with scratch(job.warehouse, job.settings) as connection:
        change = next_change(connection, clusters.select(["party_id", "cluster_id"]), state)
    return clusters.join(change.ids, "party_id", join_type="inner"), change


def all_entities(xref: pa.Table, linked: Linked, previous: pa.Table) -> pa.Table:
    """Return the columns of `previous`, a row for each party of now.

    Args:
        xref: What `decided` returns.
        linked: What it was decided of.
        previous: The parties before.
    """
    entities = xref.select(previous.column_names)
    if linked.touched is None:
        return entities
    seen = pa.concat_tables([entities.select(["party_id"]), linked.touched])["party_id"]
    return pa.concat_tables([entities, previous.filter(pc.invert(pc.is_in(previous["party_id"], seen)))])


def _resolution(job: Job, workplace: Workplace, linked: Linked, previous: pa.Table) -> master.Resolution:
    xref, change = decided(job, linked)
    master.choose_records(job.warehouse, job.entity, workplace.parties, xref)
    entities = all_entities(xref, linked, previous)
    truth = job.options.truth
    return master.Resolution(
        change=change,
        entities=entities,
        measures=count_entities(entities) | (compare_with_truth(job.entity, entities, truth) if truth else {}),
        model=str(job.models.current_name()),
        threshold=job.options.threshold,
        basis=Basis.of(linked.fillers, linked.rules),
        is_part=linked.touched is not None,
    )


def _record(job: Job, measures: Measures, held_out: Sequence[str] = ()) -> Measures:
    parties = job.entity.parties
    xref = {"source_id": parties.id} | ({"source_system": parties.source} if parties.source else {})
    golden = {field: xref.get(column, column) for field, column in job.entity.fields.items()}
    written = {master.xref_table(job.entity): xref, records.golden_table(job.entity): golden}
    for table, columns in {**written, records.provenance_table(job.entity): xref}.items():
        origin = Origin((parties.relation,), columns, same_names=True)
        detail = {"held_out": list(held_out)} if held_out else {}
        job.run.output(table, rows=job.warehouse.row_count(table), detail=detail, origin=origin)
    job.run.note_metrics(measures)
    return measures
