"""Random histories of clusters, and what the contract of ids that last says of each step of one."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

Clusters = list[frozenset[str]]
RECORDS = 12


def history(name: str, steps: int, chance: random.Random) -> Iterator[tuple[Clusters, bool]]:
    """Yield the clusters of each step, and whether it parts again what the step before has merged and nothing else."""
    clusters: Clusters = []
    before: Clusters = []
    only_merged = False
    for _ in range(steps):
        if only_merged and chance.random() < 0.5:
            clusters, before, only_merged = before, clusters, False
            yield clusters, True
            continue
        before, clusters = clusters, list(clusters)
        kinds = chance.choices(
            ["come", "go", "merge", "split", "shuffle", "move"], [4, 2, 4, 3, 1, 2], k=chance.randint(0, 3)
        )
        for kind in kinds:
            clusters = _changed(name, kind, clusters, chance)
        only_merged = set(kinds) == {"merge"}
        yield clusters, False


def _changed(name: str, kind: str, clusters: Clusters, chance: random.Random) -> Clusters:
    here = {record for cluster in clusters for record in cluster}
    absent = sorted({f"{name}:{number}" for number in range(RECORDS)} - here)
    chosen = chance.sample(clusters, min(len(clusters), chance.randint(2, 3))) if kind == "merge" else []
    rest = [cluster for cluster in clusters if cluster not in chosen]
    if kind == "merge" and len(chosen) > 1:
        return [*rest, frozenset().union(*chosen)]
    if kind == "come" and absent:
        coming = chance.sample(absent, chance.randint(1, len(absent)))
        return _placed(coming, rest, chance)
    if kind == "go" and here:
        return _without(set(chance.sample(sorted(here), chance.randint(1, min(3, len(here))))), rest)
    if kind == "move" and here:
        moved = chance.choice(sorted(here))
        return _placed([moved], _without({moved}, rest), chance)
    if kind == "shuffle":
        return _placed(sorted(here), [], chance)
    if kind == "split" and rest:
        whole = chance.choice(rest)
        part = frozenset(record for record in sorted(whole) if chance.random() < 0.5)
        return [cluster for cluster in (*_without(set(whole), rest), part, whole - part) if cluster]
    return rest


def _placed(records: list[str], clusters: Clusters, chance: random.Random) -> Clusters:
    """Put each record into one of the clusters, or into one of its own."""
    places = [set(cluster) for cluster in clusters]
    for record in records:
        if places and chance.random() < 0.6:
            chance.choice(places).add(record)
        else:
            places.append({record})
    return [frozenset(place) for place in places]


def _without(records: set[str], clusters: Clusters) -> Clusters:
    return [cluster - records for cluster in clusters if cluster - records]


def table_of(clusters: Clusters, chance: random.Random) -> pa.Table:
    """Return clusters as Splink would give them: in any order, by any names."""
    rows = [(record, f"c{chance.random()}-{number}") for number, cluster in enumerate(clusters) for record in cluster]
    names = {number: chance.random() for number in range(len(clusters))}
    rows = [(record, f"c{names[number]}") for number, cluster in enumerate(clusters) for record in cluster]
    chance.shuffle(rows)
    columns = {"party_id": [row[0] for row in rows], "cluster_id": [row[1] for row in rows]}
    return pa.table(columns, schema=pa.schema([("party_id", pa.string()), ("cluster_id", pa.string())]))


Members = dict[str, frozenset[str]]


def members_of(ids: Mapping[str, str]) -> Members:
    """Return the records of each id."""
    found: dict[str, set[str]] = defaultdict(set)
    for record, entity in ids.items():
        found[entity].add(record)
    return {entity: frozenset(records) for entity, records in found.items()}


@dataclass
class Contract:
    """Watches a registry step by step, in plain Python, and fails where it breaks its contract.

    Attributes:
        members: The records of each id of now.
        last: The last records of each id that was ever given.
    """

    members: Members = field(default_factory=dict)
    last: Members = field(default_factory=dict)
    ways: dict[str, set[str]] = field(default_factory=dict)

    def step(self, clusters: Clusters, ids: dict[str, str], events: list[dict[str, Any]], history: pa.Table) -> None:
        """Check what a step has made of these clusters.

        Args:
            clusters: Who is together now.
            ids: The id of each record.
            events: The rows that the step has added.
            history: All of the history after it.
        """
        now = members_of(ids)
        assert sorted(map(sorted, now.values())) == sorted(map(sorted, clusters)), "one id for each cluster"
        unchanged = {cluster: entity for entity, cluster in self.members.items()}
        for entity, cluster in now.items():
            assert unchanged.get(cluster, entity) == entity, "an id changed without need"
            if entity in self.last:
                assert cluster & self.last[entity], "an id names an entity that it has nothing to do with"
        self._check_events(now, events)
        self._check_history(ids, now, history)
        self.members = now
        self.last |= now

    def _check_events(self, now: Members, events: list[dict[str, Any]]) -> None:
        every = self.members.keys() | now.keys()
        changed = {entity for entity in every if self.members.get(entity) != now.get(entity)}
        assert {event["entity_id"] for event in events} == changed, "an event for each change and no other"
        for event in events:
            before, after = self.members.get(event["entity_id"], frozenset()), now.get(event["entity_id"], frozenset())
            assert json.loads(event["members_before"]) == sorted(before)
            assert json.loads(event["members_after"]) == sorted(after)
            assert (event["records_before"], event["records_after"]) == (len(before), len(after))
            assert event["reason"]
            self._check_kind(event["event"], before, after, now)

    def _check_kind(self, kind: str, before: frozenset[str], after: frozenset[str], now: Members) -> None:
        still_here = {record for records in now.values() for record in records}
        assert {
            "created": not before and after,
            "grown": before and after - before,
            "shrunk": after and before - after,
            "merged": before and (after - before or before & still_here),
            "split": before & still_here - after,
            "retired": before and not after and not before & still_here,
        }[kind], f"what happened was not: {kind}"

    def _check_history(self, ids: dict[str, str], now: Members, history: pa.Table) -> None:
        ways: dict[str, set[str]] = defaultdict(set)
        for row in history.to_pylist():
            ways[row["entity_id"]] |= {row["present_id"]} - {None}
        assert ways.keys() == self.last.keys() | now.keys(), "every id that was ever given, and no other"
        for entity, found in ways.items():
            there = {ids[record] for record in self.last.get(entity, frozenset()) if record in ids}
            gone = {
                new for old in self.ways.get(entity, set()) for new in ({old} if old in now else self._of(old, ids))
            }
            assert found == ({entity} if entity in now else there or gone), f"where an id leads: {entity}"
        self.ways = ways

    def _of(self, entity: str, ids: dict[str, str]) -> set[str]:
        return {ids[record] for record in self.last[entity] if record in ids}
