"""How well the households fall into 3 to 8 clusters, and how many are chosen."""

import customer_segments


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a row for each number of clusters that was tried."""
    dbt.config(materialized="table")
    return customer_segments.cluster_choice(customer_segments.scores(dbt.ref("slv_households").df()))
