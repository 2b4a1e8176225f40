"""Loads external systems into the warehouse's raw layer."""

import os

# Before dlt reads its configuration; what the user has set stays.
for name, value in {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    # One resource after the other: none keeps a file or a session open while another is read.
    "EXTRACT__NEXT_ITEM_MODE": "fifo",
}.items():
    os.environ.setdefault(name, value)
