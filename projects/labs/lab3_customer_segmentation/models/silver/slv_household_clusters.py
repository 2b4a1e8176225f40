"""The cluster of each household."""

import customer_segments


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a row for each household: its scores and its cluster."""
    dbt.config(materialized="table")
    count = customer_segments.chosen_count(dbt.ref("slv_cluster_choice").df())
    return customer_segments.clusters(customer_segments.scores(dbt.ref("slv_households").df()), count)
