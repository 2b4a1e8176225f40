"""The ERP: suppliers, articles and their prices, in a PostgreSQL database at ERP_URL."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import AwareDatetime, Field

from ingress.readers.sql.reader import Sql
from ingress.source import Resource, Source
from shared.data_quality import JsonText, RowModel

Id = Field(ge=1)


class Supplier(RowModel):
    """A supplier; what the ERP's users note about one beside its name is JSON."""

    supplier_id: int = Id
    name: str = Field(min_length=1)
    article_count: int = Field(ge=0)
    attributes: JsonText | None
    changed_at: AwareDatetime


class Article(RowModel):
    """An article and who supplies it."""

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
    """What a piece of an article costs in a week."""

    article_id: int = Id
    week: int = Field(ge=1, le=53)
    unit_price: Decimal = Field(max_digits=12, decimal_places=4, ge=0)
    currency: str = Field(pattern="^[A-Z]{3}$")
    changed_at: AwareDatetime


def table(model: type[RowModel], name: str, *key: str) -> Resource:
    """Return the resource for the ERP's table of this name."""
    reader = Sql("ERP_URL", f"erp.{name}", cursor="changed_at", login="platform_erp_reader")
    return Resource(name, f"erp_{name}", model, key, reader, contract="evolve")


# The ERP's makers add columns with every release: a new one becomes a column of text and is reported.
SOURCE = Source(
    "erp",
    (
        table(Supplier, "suppliers", "supplier_id"),
        table(Article, "articles", "article_id"),
        table(ArticlePrice, "article_prices", "article_id", "week"),
    ),
)
