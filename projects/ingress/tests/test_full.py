"""The demo data as a whole: nothing gets lost on the way into raw."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Project

DATA = Path(os.environ.get("PIXI_PROJECT_ROOT", Path(__file__).parents[3])) / "data" / "landing"


@pytest.fixture
def landing(project: Project) -> Iterator[Path]:
    """Put the real files in the project's landing folder."""
    if not (DATA / "pos" / "transactions.parquet").exists():
        pytest.skip("the demo data is not there: run the task demo-data")
    project.landing.parent.mkdir(parents=True)
    project.landing.symlink_to(DATA)
    yield project.landing


@pytest.mark.all_cores
@pytest.mark.full
def test_raw_holds_every_transaction_and_every_cent(project: Project, landing: Path) -> None:
    """Raw has 1,469,307 transaction lines worth 4,596,039.58, every product, and each coupon once."""
    project.load("pos")
    assert project.fetch(
        "select count(*), round(sum(sales_value::decimal(18, 2)), 2)::text from raw.pos_transactions"
    ) == [(1_469_307, "4596039.58")]
    counts = dict(project.fetch("select relation, row_count from ops.run_output"))
    assert (counts["raw.pos_products"], counts["raw.pos_coupons"]) == (92_331, 111_332)
    assert project.bad_rows() == []


@pytest.mark.all_cores
@pytest.mark.full
def test_every_customer_is_in_raw_or_in_quarantine(project: Project, landing: Path) -> None:
    """Of 5,008 customers, 5,002 are in raw and the six invented with a defect are in quarantine."""
    project.load("crm")
    assert project.fetch("select count(*) from raw.crm_customers") == [(5_002,)]
    assert {origin for origin, _, _ in project.bad_rows()} == {"landing/crm/customers_manual.csv"}
    assert len(project.bad_rows()) == 6
