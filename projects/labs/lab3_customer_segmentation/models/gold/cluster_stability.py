"""Whether the same clusters come out of other samples of the households."""

import customer_segments


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a row for each bootstrap resample."""
    dbt.config(materialized="table")
    count = customer_segments.chosen_count(dbt.ref("slv_cluster_choice").df())
    return customer_segments.stability(customer_segments.scores(dbt.ref("slv_households").df()), count)
