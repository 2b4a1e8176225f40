"""What a resolution would change, before anything is written: by the data of now, or by another model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pyarrow as pa

from entity_resolution.engine import master, resolve
from entity_resolution.engine.linking.splink_log import splink_logged
from entity_resolution.engine.linking.workplace import Workplace
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.registry import State, after, next_change, read_state
from entity_resolution.engine.registry.changes import EVENTS
from entity_resolution.engine.scratch import scratch
from shared.matching import Measures, compare
from shared.utils.calculator import calculator
from shared.utils.console import say, step
from shared.utils.excerpts import excerpt
from shared.warehouse.migrations import require_latest

FIRST = 3
REASON_CHARACTERS = 80


@dataclass(frozen=True)
class Happening:
    """What would happen to some entities.

    Attributes:
        event: One of `EVENTS`.
        entities: To how many.
        first: The largest of them, `FIRST` at most: ids, and what would become of the records.
    """

    event: str
    entities: int
    first: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Preview:
    """What a resolution would come to.

    Attributes:
        happenings: By event, only those of which there is any.
        entities: How many there would be.
        pairs: How many pairs of records would be together then and are now, `pairs_right`; only then, `pairs_wrong`;
            only now, `pairs_missed`.
    """

    happenings: Sequence[Happening]
    entities: int
    pairs: Measures


def dry_run(job: resolve.Job) -> Preview:
    """Tell what a run by the model in use would change in master, and change nothing there.

    Raises:
        UserError: There is no model, core holds no parties as declared, or master is of an earlier version.
    """
    model = resolve.required_model(job)
    if resolve.is_outdated(job):
        say("warning: a run would train a new model first; `train` does that alone, and leaves master as it is")
    _require_latest(job)
    before = master.read_xref(job.warehouse, job.entity)
    with _parties(job) as workplace:
        linked = resolve.link(job, workplace, model, before=before)
        xref, change = resolve.decided(job, linked)
    return _told(before, resolve.all_entities(xref, linked, before), change.events)


def diff(job: resolve.Job, first: str, second: str) -> Preview:
    """Tell what one saved model would change in what another one finds among the parties of now.

    Entities are called by the ids that they would have by the first model.

    Args:
        job: Where to work.
        first: The name of a model, see `ModelStore.named`.
        second: The other.

    Raises:
        UserError: There is no such model, core holds no parties as declared, or master is of an earlier version.
    """
    found = _clusters(job, [job.models.named(first), job.models.named(second)])
    known = _known(job)
    with scratch(job.warehouse, job.settings) as connection:
        by_first = next_change(connection, found[0], known)
        change = next_change(connection, found[1], after(known, by_first))
    return _told(by_first.ids, change.ids, change.events)


def _clusters(job: resolve.Job, models: Sequence[Model]) -> list[pa.Table]:
    """Return columns `party_id`, `cluster_id` of the parties as each model groups them."""
    with _parties(job) as workplace:
        found = [resolve.link(job, workplace, model) for model in models]
    return [linked.clusters.select(["party_id", "cluster_id"]) for linked in found]


@contextmanager
def _parties(job: resolve.Job) -> Iterator[Workplace]:
    with splink_logged(job.settings), ExitStack() as stack:
        with step("read parties"):
            workplace = stack.enter_context(job.open_workplace(job.warehouse, job.settings, job.entity))
        resolve.start_splink()
        yield workplace


def _require_latest(job: resolve.Job) -> None:
    if job.warehouse.tables("master"):
        require_latest(job.warehouse, master.MIGRATIONS)


def _known(job: resolve.Job) -> State:
    _require_latest(job)
    return read_state(job.warehouse, master.registry(job.entity))


def _told(before: pa.Table, now: pa.Table, events: pa.Table) -> Preview:
    """Sum up a change by its events, and by who was together before and is now, columns `party_id`, `entity_id`."""
    with calculator() as connection:
        connection.register("happened", events)
        rows = connection.execute(
            "select event, entities, entity_id, reason from ("
            "select *, count(*) over (partition by event) as entities, row_number() over ("
            "partition by event order by greatest(records_before, records_after) desc, entity_id) as place "
            "from happened) where place <= $1 order by event, place",
            [FIRST],
        ).fetchall()
    first: dict[str, list[tuple[str, str]]] = {event: [] for event in EVENTS}
    entities: dict[str, int] = {}
    for event, count, entity_id, reason in rows:
        entities[event] = count
        first[event].append((entity_id, excerpt(reason, REASON_CHARACTERS)))
    return Preview(
        [Happening(event, entities[event], first[event]) for event in EVENTS if event in entities],
        len(set(now["entity_id"].to_pylist())),
        compare(now, before),
    )
