"""Keeps a table of contacts for the support desk, by the hashes of their addresses."""

from egress.engine.models import Model
from egress.kinds.table.target import Table

TARGET = Table("support_table", Model("egress.contacts", key="email_hash"), settings="SUPPORT", table="public.hashed")
