"""Whether the same clusters come out of other samples of the households."""

from typing import Any

import customer_segments
import pandas as pd


def model(dbt: Any, session: Any) -> pd.DataFrame:
    """Return a row for each bootstrap resample."""
    dbt.config(materialized="table")
    count = customer_segments.chosen_count(dbt.ref("slv_cluster_choice").df())
    return customer_segments.stability(customer_segments.scores(dbt.ref("slv_households").df()), count)
