"""How well the households fall into 3 to 8 clusters, and how many are chosen."""

from typing import Any

import customer_segments
import pandas as pd


def model(dbt: Any, session: Any) -> pd.DataFrame:
    """Return a row for each number of clusters that was tried."""
    dbt.config(materialized="table")
    return customer_segments.cluster_choice(customer_segments.scores(dbt.ref("slv_households").df()))
