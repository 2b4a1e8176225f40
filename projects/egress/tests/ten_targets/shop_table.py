"""Keeps a table of contacts in the shop's database."""

from egress.engine.models import Model
from egress.kinds.table.target import Table

TARGET = Table("shop_table", Model("egress.contacts", key="contact_id"), settings="SHOP", table="public.contacts")
