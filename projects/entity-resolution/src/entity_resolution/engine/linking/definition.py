"""What an entity's records are compared by, as Splink takes it. Weights are not written here: training learns them.

There is one definition for all engines: it names only columns, and functions that mean the same on each of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import splink
from splink import SettingsCreator
from splink.blocking_rule_library import CustomRule

from entity_resolution.engine import fillers, frequencies, vocabularies
from entity_resolution.engine.blocking.rules import Rule, rules_of
from entity_resolution.entity import Entity
from entity_resolution.kinds import functions, vocabulary
from entity_resolution.kinds.names import formal, formal_names

# Splink wants to know whose SQL it writes. What it writes here reads the same on every engine, see `for_dialect`.
DIALECT = "duckdb"
DIALECT_KEY, BLOCKING = "sql_dialect", "blocking_rules_to_generate_predictions"


def settings(entity: Entity) -> dict[str, Any]:
    """Return the untrained Splink settings, without a dialect."""
    creator = SettingsCreator(
        # Both across the sources and within each, since one source has its own duplicates.
        link_type="link_and_dedupe",
        unique_id_column_name="party_id",
        source_dataset_column_name="source_system",
        comparisons=[each.for_splink() for each in entity.compare],
        blocking_rules_to_generate_predictions=for_splink(rule.sql for rule in rules_of(entity, entity.block)),
        retain_matching_columns=False,
        # Splink would draw one at random, and the same training would not give the same model.
        linker_uid="entity_resolution",
    )
    return without_dialect(creator.create_settings_dict(DIALECT))


def for_splink(conditions: Iterable[str]) -> list[Any]:
    """Return rules of which pairs to compare as Splink takes them."""
    return [CustomRule(each, sql_dialect=DIALECT) for each in conditions]


def with_rules(settings: dict[str, Any], found_by: Iterable[Rule]) -> dict[str, Any]:
    """Return settings without a dialect that find pairs by these rules, as they skip values."""
    return {**settings, BLOCKING: [{"blocking_rule": rule.sql} for rule in found_by]}


def definition(entity: Entity) -> str:
    """Return a hash of all that a model is made from but the parties: to tell models of another making."""
    forms = {column: form.name for column, form in entity.forms.items()}
    forms |= {formal(column): formal_names(known) for column, known in entity.known.items()}
    training = entity.training
    learned = [[each.condition for each in blocks] for blocks in (training.sure, training.sessions)]
    held_out = [sorted(fillers.ALWAYS), sorted(fillers.IF_FREQUENT), {**entity.fillers}]
    kept: list[Any] = [frequencies.MOST_KEPT, functions.HASH_CHARACTERS]
    if entity.worded:
        kept += [vocabularies.MOST_KEPT, *(vocabulary.derived_query(column, "", 0, {}) for column in entity.worded)]
    parts = [splink.__version__, settings(entity), forms, learned, training.recall, held_out, functions.duckdb(), kept]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def for_dialect(settings: dict[str, Any], dialect: str) -> dict[str, Any]:
    """Return settings, trained or not, as Splink takes them for an engine: `duckdb`, `postgres`."""
    rules = [{**rule, DIALECT_KEY: dialect} for rule in settings[BLOCKING]]
    return {**settings, BLOCKING: rules, DIALECT_KEY: dialect}


def without_dialect(settings: dict[str, Any]) -> dict[str, Any]:
    """Return Splink's settings without what says for which engine they are."""
    rules = [{key: value for key, value in rule.items() if key != DIALECT_KEY} for rule in settings[BLOCKING]]
    return {key: value for key, value in settings.items() if key != DIALECT_KEY} | {BLOCKING: rules}
