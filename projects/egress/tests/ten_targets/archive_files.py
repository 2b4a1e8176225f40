"""Writes the contacts as parquet for the archive."""

from egress.engine.models import Model
from egress.kinds.files.target import Files

TARGET = Files(
    "archive_files",
    Model("egress.contacts", key="contact_id"),
    settings="ARCHIVE",
    formats=("parquet",),
    folder="archive",
)
