"""Pairs that cannot reach the threshold are dropped before they are weighed, and nothing is other for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conftest import Platform, PlatformOn

from entity_resolution.engine.in_memory import in_memory, session_in
from entity_resolution.engine.linking import linking
from entity_resolution.engine.linking.pruning import can_prune, found_by, possible_pairs
from entity_resolution.engine.model_store import ModelStore
from entity_resolution.engine.parties import current_parties
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from shared.warehouse import open_warehouse

WEIGHED = "select party_id_l, party_id_r, match_key, match_weight from "


@pytest.mark.parametrize("beside", [(), ("suburb", "given_name", "postcode")], ids=["declared", "tightened"])
@pytest.mark.parametrize("threshold", [1e-6, 0.5, 0.95, 0.999999])
def test_pairs_that_are_left_are_those_that_reach_it(
    resolved_sample_on: PlatformOn, threshold: float, beside: tuple[str, ...]
) -> None:
    """Of the candidates some are dropped, and those that are left weigh what they would have, to the last digit.

    So it is where rules are tightened, whose pairs are found by several joins.
    """
    settings = resolved_sample_on("duckdb").settings
    with open_warehouse(settings, holder="test") as warehouse:
        model = ModelStore(warehouse, CUSTOMER.name).current()
        assert model
        with in_memory(warehouse, settings, CUSTOMER, current_parties(warehouse, CUSTOMER)) as connection:
            session = session_in(connection, CUSTOMER)
            _, _, declared = linking.linker_of(session, model)
            rules = [replace(rule, beside_one_of=beside, is_split=bool(beside)) for rule in declared]
            linker = linking.linker_by(session, model, rules)
            whole = linker.inference.predict(threshold_match_probability=threshold)
            weighed = sorted(session.ask(WEIGHED + whole.physical_name))
            found = linker.inference.compute_blocked_pairs_for_predict()
            assert can_prune(linker, threshold)
            left = possible_pairs(linker, found_by(rules), threshold)
            ((all_pairs,), (left_pairs,)) = (
                session.ask(f"select count(*) from {each.physical_name}")[0] for each in (found, left)
            )
            linker.table_management.register_blocked_pairs_for_predict(left)
            again = linker.inference.predict(threshold_match_probability=threshold)
            assert sorted(session.ask(WEIGHED + again.physical_name)) == weighed
            # What is left is what is joined: nothing is weighed in vain.
            assert len(weighed) == left_pairs < all_pairs


def test_master_is_the_same(again: Platform, resolved_sample: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """On either engine a run whose pairs are pruned ends in the same entities, ids and golden records."""
    pruned = []

    def seen(*arguments: Any) -> Any:
        pruned.append(possible_pairs(*arguments))
        return pruned[-1]

    monkeypatch.setattr(linking, "possible_pairs", seen)
    again.resolve("--full")
    assert len(pruned) == 1
    assert again.master() == resolved_sample.master()
