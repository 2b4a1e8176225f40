"""Find which parties are the same person."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from entity_resolution.splink_session import PARTIES, make_linker


def cluster_parties(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any], threshold: float) -> pa.Table:
    """Group the parties of a Splink session into persons.

    Args:
        connection: The session, see `splink_session.session`.
        settings: A trained model's settings.
        threshold: The match probability from which a pair is joined; persons are what such pairs connect.

    Returns:
        Columns `party_id` and `cluster_id`, a row for each party. A `cluster_id` means nothing beyond this table.
    """
    if connection.table(PARTIES).count("*").fetchall()[0][0] < 2:
        return connection.sql(f"select party_id, party_id as cluster_id from {PARTIES}").to_arrow_table()
    linker = make_linker(connection, settings)
    pairs = linker.inference.predict(threshold_match_probability=threshold)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold)
    return connection.sql(f"select party_id, cluster_id from {clusters.physical_name}").to_arrow_table()
