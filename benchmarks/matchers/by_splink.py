"""Match records by Splink alone, with a model that a person would write: by_splink.py RECORDS CLUSTERS."""

from __future__ import annotations

import json
import logging
import resource
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from shared.matching import compare

THRESHOLDS = (0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 0.9999)


def name(column: str) -> cl.JaroWinklerAtThresholds:
    """Return how Splink's guide compares names."""
    return cl.JaroWinklerAtThresholds(column, [0.92, 0.8]).configure(term_frequency_adjustments=True)


FEBRL = {
    "compare": [
        name("given_name"),
        name("surname"),
        cl.LevenshteinAtThresholds("date_of_birth", [1, 2]),
        cl.LevenshteinAtThresholds("postcode", [1, 2]),
        name("address_1"),
        cl.JaroWinklerAtThresholds("suburb", [0.9]),
        cl.ExactMatch("street_number"),
        cl.ExactMatch("state"),
    ],
    "block": (
        ("given_name", "surname"),
        ("date_of_birth",),
        ("surname", "postcode"),
        ("given_name", "postcode"),
        ("street_number", "address_1"),
        ("address_1", "suburb"),
    ),
    "sure": (("given_name", "surname", "date_of_birth"), ("surname", "date_of_birth", "postcode")),
    "sessions": (("given_name", "surname"), ("date_of_birth",)),
}
REGISTER = {
    "compare": [
        name("first_name"),
        name("surname"),
        cl.LevenshteinAtThresholds("born", [1, 2]).configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("parish", [1, 2]),
        cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
        cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        cl.ExactMatch("gender"),
    ],
    "block": (
        ("first_name", "surname"),
        ("surname", "born"),
        ("first_name", "born"),
        ("parish", "first_name"),
        ("parish", "surname"),
        ("born", "birth_place"),
        ("parish", "born"),
        ("parish", "occupation"),
    ),
    "sure": (("first_name", "surname", "born"), ("surname", "born", "parish")),
    "sessions": (("first_name", "surname"), ("born",)),
}
INVENTORS = {
    "compare": [
        name("first_name"),
        name("last_name"),
        name("city"),
        cl.ExactMatch("country"),
        cl.ArrayIntersectAtSizes("assignees", [1]),
        cl.ArrayIntersectAtSizes("inventors", [3, 2, 1]),
        cl.ArrayIntersectAtSizes("classes", [3, 2, 1]),
    ],
    "block": (
        ("first_name", "last_name"),
        ("last_name", "city"),
        ("first_name", "city"),
        ("last_name", "assignees"),
        ("first_name", "assignees"),
    ),
    "sure": (("first_name", "last_name", "city"), ("first_name", "last_name", "assignees")),
    "sessions": (("first_name", "last_name"), ("city",)),
}
RESIDENTS = {
    "compare": [
        name("first_name"),
        cl.ExactMatch("middle_initial"),
        name("last_name"),
        cl.LevenshteinAtThresholds("date_of_birth", [1, 2]),
        cl.LevenshteinAtThresholds("street_number", [1]),
        name("street_name"),
        cl.ExactMatch("sex"),
    ],
    "block": (
        ("first_name", "last_name"),
        ("date_of_birth",),
        ("first_name", "street_name"),
        ("last_name", "street_name"),
        ("first_name", "middle_initial", "street_number"),
        ("last_name", "middle_initial", "street_number"),
    ),
    "sure": (("first_name", "last_name", "date_of_birth"), ("first_name", "last_name", "street_name")),
    "sessions": (("first_name", "last_name"), ("date_of_birth",)),
}
# By a column that no other set has.
MODELS = {"parish": REGISTER, "suburb": FEBRL, "inventors": INVENTORS, "housing_type": RESIDENTS}


def main(source: str, target: str) -> None:
    """Train, predict, and write the clusters at the threshold that is best by the truth beside the records."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    records = pq.read_table(source)
    truth = pq.read_table(Path(source).with_name("truth.parquet"))
    said = next(model for column, model in MODELS.items() if column in records.column_names)
    database = DuckDBAPI()
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record",
        comparisons=said["compare"],
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in said["block"]],
    )
    linker = Linker(database.register(records), settings)
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on(*each) for each in said["sure"]], recall=0.6)
    training.estimate_u_using_random_sampling(max_pairs=5e6)
    for columns in said["sessions"]:
        training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
    pairs = linker.inference.predict(threshold_match_probability=min(THRESHOLDS))
    found = {}
    for threshold in THRESHOLDS:
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold)
        table = clusters.as_duckdbpyrelation().select("record, cluster_id as cluster").to_arrow_table()
        found[threshold] = table.cast(pa.schema([("record", pa.string()), ("cluster", pa.string())]))
    best = max(THRESHOLDS, key=lambda threshold: compare(found[threshold], truth).f1)
    pq.write_table(found[best], target)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"peak_mib": peak, "threshold": best}))


if __name__ == "__main__":
    main(*sys.argv[1:])
