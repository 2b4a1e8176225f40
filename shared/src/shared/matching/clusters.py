"""From pairs of records to clusters."""

from __future__ import annotations

from collections.abc import Iterable


def connected(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the cluster of each record: who is paired with the same record is in one cluster.

    Returns:
        For each record of a pair the record that its cluster is called by.
    """
    leader: dict[str, str] = {}

    def find(record: str) -> str:
        leader.setdefault(record, record)
        while leader[record] != record:
            leader[record] = record = leader[leader[record]]
        return record

    for left, right in pairs:
        leader[find(left)] = find(right)
    return {record: find(record) for record in leader}
