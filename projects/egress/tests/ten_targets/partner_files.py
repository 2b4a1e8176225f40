"""Writes the contacts as CSV for a partner."""

from egress.engine.models import Model
from egress.kinds.files.target import Files

TARGET = Files(
    "partner_files", Model("egress.contacts", key="contact_id"), settings="PARTNER", formats=("csv",), folder="partner"
)
