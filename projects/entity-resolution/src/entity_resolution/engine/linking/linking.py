"""Find which parties are the same entity, on whichever engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from splink import Linker
from splink.internals.database_api import DatabaseAPISubClass
from splink.internals.splink_dataframe import SplinkDataFrame

from entity_resolution.engine.blocking.budget import within_budget
from entity_resolution.engine.blocking.rules import Rule, rules_of
from entity_resolution.engine.fillers import Fillers, hold_out
from entity_resolution.engine.frequencies import tell
from entity_resolution.engine.linking.definition import for_dialect, with_rules
from entity_resolution.engine.linking.pruning import can_prune, found_by, possible_pairs
from entity_resolution.engine.linking.workplace import Linked
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.profile import Profile, profile
from entity_resolution.engine.tables import PARTIES, Ask
from entity_resolution.entity import KEY, Entity


@dataclass(frozen=True)
class Session:
    """Where the parties of an entity are, in the table `FORMED`.

    Attributes:
        api: Splink's way to the database.
        ask: The way for whatever is not Splink's.
        spoken: Makes of settings without a dialect what the database reads, where its SQL is another one.
    """

    api: DatabaseAPISubClass
    ask: Ask
    entity: Entity
    spoken: Callable[[dict[str, Any]], dict[str, Any]] = dict


@dataclass(frozen=True)
class Clusters:
    """A table with the columns of `PARTIES` and `cluster_id`; and what it came from, see `Linked`."""

    table: str
    fillers: Fillers
    rules: Sequence[Rule]
    profile: Profile

    def linked(self, rows: pa.Table) -> Linked:
        """Return it with the rows of the table."""
        return Linked(rows, self.fillers, self.rules, self.profile)


def affordable_rules(session: Session, kept: Sequence[Rule] = ()) -> list[Rule]:
    """Return the rules that find pairs, within the budget: those that a model has kept, or else the declared ones."""
    entity = session.entity
    # In which columns two records may agree beside what a rule says, where that alone is not enough.
    telling = [column for each in entity.compare if not each.few_values for column in each.forms if column not in KEY]
    return within_budget(session.ask, kept or rules_of(entity, entity.block), telling)


def make_linker(api: DatabaseAPISubClass, settings: dict[str, Any], parties: str = PARTIES) -> Linker:
    """Return a linker on a table or view of parties.

    Args:
        api: Splink's way to the database.
        settings: Settings without a dialect, see `definition.settings`.
        parties: Its name, with the columns of the view `PARTIES`.
    """
    dialect = api.sql_dialect.sql_dialect_str
    # The view is made of the declaration, as the settings are: Splink need not look for columns that it lacks.
    return Linker(api.register(parties), for_dialect(settings, dialect), validate_settings=False, log_level=None)


def linker_of(session: Session, model: Model) -> tuple[Linker, Fillers, list[Rule]]:
    """Hold out what a model does, and return a linker that finds and weighs pairs as the model does."""
    fillers = hold_out(session.ask, session.entity, model.fillers, model.words)
    rules = affordable_rules(session, model.rules)
    return linker_by(session, model, rules), fillers, rules


def linker_by(session: Session, model: Model, rules: Sequence[Rule], parties: str = PARTIES) -> Linker:
    """Return a linker on a table or view of parties that finds pairs by rules and weighs them as the model does."""
    linker = make_linker(session.api, session.spoken(with_rules(model.settings, rules)), parties)
    tell(session.ask, session.api, linker, model.frequencies, parties)
    return linker


def cluster_parties(session: Session, model: Model, threshold: float) -> Clusters:
    """Group parties into entities."""
    ((_, clusters),) = cluster_at_each(session, model, [threshold])
    return clusters


def cluster_at_each(session: Session, model: Model, thresholds: Sequence[float]) -> Iterator[tuple[float, Clusters]]:
    """Group the parties at each threshold by pairs that are scored once."""
    linker, fillers, rules = linker_of(session, model)
    seen = profile(session.ask, session.entity)
    pairs = weigh(linker, found_by(rules), min(thresholds))
    for threshold in thresholds:
        clusters = _clusters(linker, pairs, threshold, session.entity.parties.duplicate_free)
        yield threshold, Clusters(str(clusters.physical_name), fillers, rules, seen)


def weigh(linker: Linker, found: str, threshold: float, candidates: SplinkDataFrame | None = None) -> SplinkDataFrame:
    """Return those of some pairs whose match probability reaches a threshold.

    Args:
        linker: Whose parties they are of.
        found: A query for the pairs, as `found_by` returns one.
        threshold: The match probability.
        candidates: The same pairs as Splink takes them, for a linker that cannot prune pairs; by its own rules where
            None.
    """
    pairs = possible_pairs(linker, found, threshold) if can_prune(linker, threshold) else candidates
    if pairs is not None:
        linker.table_management.register_blocked_pairs_for_predict(pairs)
    return linker.inference.predict(threshold_match_probability=threshold)


def _clusters(linker: Linker, pairs: SplinkDataFrame, threshold: float, free: Sequence[str]) -> SplinkDataFrame:
    if not free:
        return linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold)
    return linker.clustering.cluster_using_single_best_links(
        pairs, [*free], threshold_match_probability=threshold, ties_method="drop"
    )
