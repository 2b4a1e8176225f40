"""The ids of entities."""

from __future__ import annotations

import pyarrow as pa

from entity_resolution.entity_ids import SmallestParty

NOTHING_PUBLISHED = pa.table({"party_id": pa.array([], pa.string()), "entity_id": pa.array([], pa.string())})


def ids_of(clusters: dict[str, str], previous: pa.Table = NOTHING_PUBLISHED) -> dict[str, str]:
    """Return the entity id of each party."""
    table = pa.table({"party_id": list(clusters), "cluster_id": list(clusters.values())})
    return dict(zip(*SmallestParty().assign(table, previous).to_pydict().values(), strict=True))


def test_one_id_for_each_cluster() -> None:
    """Parties of one cluster share an id, parties of others have another."""
    ids = ids_of({"crm:1": "a", "loyalty:1": "a", "crm:2": "b"})
    assert ids["crm:1"] == ids["loyalty:1"] != ids["crm:2"]


def test_ids_depend_on_who_is_together_only() -> None:
    """Neither the order of rows nor the cluster's own name changes an id."""
    assert ids_of({"crm:1": "a", "loyalty:1": "a", "crm:2": "b"}) == ids_of(
        {"crm:2": "x", "loyalty:1": "y", "crm:1": "y"}
    )


def test_id_stays_when_a_larger_party_joins() -> None:
    """An entity keeps its id when somebody joins whose party id is larger."""
    assert ids_of({"crm:1": "a"})["crm:1"] == ids_of({"crm:1": "a", "loyalty:1": "a"})["crm:1"]


def test_rows_come_in_the_order_of_parties() -> None:
    """The result has a row for each party in the order of party ids, as its users rely on."""
    assert list(ids_of({"crm:3": "a", "crm:1": "b", "crm:2": "a"})) == ["crm:1", "crm:2", "crm:3"]
