"""Writes each file anew when the model's content differs from what the file was written from."""

from egress.engine.models import Model
from egress.kinds.files.target import Files

TARGET = Files("files", Model("egress.customer_360", key="entity_id"), settings="FILES", formats=("parquet", "csv"))
