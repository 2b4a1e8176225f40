"""Writes the rows whose content differs from what was written last, and deletes those that have left the model."""

from egress.engine.models import Model
from egress.kinds.table.target import Table

TARGET = Table(
    "table", Model("egress.customer_360", key="entity_id"), settings="TABLE_TARGET", table="public.customer_360"
)
