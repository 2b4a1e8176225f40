"""The points of sale: The Complete Journey's tables as parquet files."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ingress.readers.files.reader import Files
from ingress.source import Resource, Source
from shared.data_quality import RowModel

Id = Field(ge=1)
Amount = Field(ge=0, allow_inf_nan=False)


class Transaction(RowModel):
    """A line of a receipt: amounts in dollars, `sales_value` after discounts, which are positive."""

    household_id: int = Id
    store_id: int = Id
    basket_id: int = Id
    product_id: int = Id
    quantity: int = Field(ge=0)
    sales_value: float = Amount
    retail_disc: float = Amount
    coupon_disc: float = Amount
    coupon_match_disc: float = Amount
    week: int = Field(ge=1, le=53)
    transaction_timestamp: datetime


class Product(RowModel):
    """A product and where it stands in the assortment."""

    product_id: int = Id
    manufacturer_id: int = Id
    department: str = Field(min_length=1)
    brand: str = Field(min_length=1)
    product_category: str | None
    product_type: str | None
    package_size: str | None


class Campaign(RowModel):
    """A household that a campaign was sent to."""

    campaign_id: int = Id
    household_id: int = Id


class CampaignDescription(RowModel):
    """A campaign and when it ran."""

    campaign_id: int = Id
    campaign_type: str = Field(min_length=1)
    start_date: datetime
    end_date: datetime


class Coupon(RowModel):
    """A product that a campaign's coupon is good for."""

    coupon_upc: int = Id
    product_id: int = Id
    campaign_id: int = Id


class CouponRedemption(RowModel):
    """A coupon that a household used."""

    household_id: int = Id
    coupon_upc: int = Id
    campaign_id: int = Id
    redemption_date: datetime


class Demographics(RowModel):
    """What is known of a household, in classes."""

    household_id: int = Id
    age: str
    income: str
    home_ownership: str | None
    marital_status: str | None
    household_size: str
    household_comp: str
    kids_count: str


class Promotion(RowModel):
    """Where a store showed a product in a week."""

    product_id: int = Id
    store_id: int = Id
    display_location: str = Field(pattern="^[0-9A-Z]$")
    mailer_location: str = Field(pattern="^[0-9A-Z]$")
    week: int = Field(ge=1, le=53)


def table(model: type[RowModel], name: str, *key: str, on_request: bool = False) -> Resource:
    """Return the resource for the file `<name>.parquet`."""
    reader = Files("pos", f"{name}.parquet")
    return Resource(name, f"pos_{name}", model, key, reader, on_request=on_request, required=not on_request)


# 21 million rows; a product may stand in several places at once, so the places belong to the key.
PLACED = ("product_id", "store_id", "week", "display_location", "mailer_location")
# Sales feed everything behind them: a column nobody knows is an error until somebody has decided what it means.
SOURCE = Source(
    "pos",
    (
        table(Transaction, "transactions", "household_id", "basket_id", "product_id"),
        table(Product, "products", "product_id"),
        table(Campaign, "campaigns", "campaign_id", "household_id"),
        table(CampaignDescription, "campaign_descriptions", "campaign_id"),
        table(Coupon, "coupons", "coupon_upc", "product_id", "campaign_id"),
        table(CouponRedemption, "coupon_redemptions", "household_id", "coupon_upc", "campaign_id", "redemption_date"),
        table(Demographics, "demographics", "household_id"),
        table(Promotion, "promotions", *PLACED, on_request=True),
    ),
)
