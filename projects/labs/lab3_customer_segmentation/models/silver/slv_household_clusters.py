"""The cluster of each household."""

from typing import Any

import customer_segments
import pandas as pd


def model(dbt: Any, session: Any) -> pd.DataFrame:
    """Return a row for each household: its scores and its cluster."""
    dbt.config(materialized="table")
    count = customer_segments.chosen_count(dbt.ref("slv_cluster_choice").df())
    return customer_segments.clusters(customer_segments.scores(dbt.ref("slv_households").df()), count)
