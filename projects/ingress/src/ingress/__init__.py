"""Loads external systems into the warehouse's raw layer."""

import os

# Before dlt reads its configuration; what the user has set stays.
for name, value in {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    # One resource after the other: none keeps a file or a session open while another is read.
    "EXTRACT__NEXT_ITEM_MODE": "fifo",
}.items():
    os.environ.setdefault(name, value)
# Whatever the user has set: no part of a load is tried twice, as nobody knows whether the first try was committed, and
# none that failed is passed over.
os.environ["LOAD__RAISE_ON_MAX_RETRIES"] = "1"
os.environ["LOAD__RAISE_ON_FAILED_JOBS"] = "true"
