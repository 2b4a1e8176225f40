"""The ERP: suppliers, articles and their weekly prices, tables of a PostgreSQL database at ERP_URL."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import AwareDatetime, Field

from ingress.source import Resource, Source
from ingress.sql_table import SqlTable
from shared.data_quality import JsonText, RowModel

Id = Field(ge=1)


class Supplier(RowModel):
    """A supplier; `attributes` is a JSON object of the ERP's own."""

    supplier_id: int = Id
    name: str = Field(min_length=1)
    article_count: int = Field(ge=0)
    attributes: JsonText
    changed_at: AwareDatetime


class Article(RowModel):
    """An article; `listed_on` is the day of its first sale."""

    article_id: int = Id
    supplier_id: int = Id
    description: str = Field(min_length=1)
    department: str = Field(min_length=1)
    brand: str = Field(min_length=1)
    package_size: str | None
    listed_on: date | None
    is_own_brand: bool
    changed_at: AwareDatetime


class ArticlePrice(RowModel):
    """The shelf price of one piece of an article in a week of sales, before loyalty discounts."""

    article_id: int = Id
    week: int = Field(ge=1, le=53)
    unit_price: Decimal = Field(ge=0, max_digits=12, decimal_places=4)
    currency: str = Field(pattern="^[A-Z]{3}$")
    changed_at: AwareDatetime


def table(model: type[RowModel], name: str, *key: str) -> Resource:
    """Return the resource for a table of the schema `erp`; what its owner adds to it is loaded and reported."""
    reader = SqlTable("ERP_URL", "platform_erp_reader", f"erp.{name}", cursor="changed_at")
    return Resource(name, f"erp_{name}", model, key, reader, contract="evolve")


SOURCE = Source(
    "erp",
    (
        table(Supplier, "suppliers", "supplier_id"),
        table(Article, "articles", "article_id"),
        table(ArticlePrice, "article_prices", "article_id", "week"),
    ),
)
