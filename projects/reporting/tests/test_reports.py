"""The reports hold what their sources hold, on both engines alike."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from platforms import Platform

from reporting.build import variables
from reporting.content import Content, load_content
from reporting.project import PROJECT_DIR
from reporting.query import run_query, tile_query
from shared.dbt.environment import environment_set
from shared.monitoring.alerts import Alerts


@pytest.fixture(scope="module")
def content(duckdb_platform: Platform) -> Content:
    """Return all charts, dashboards and explores."""
    with environment_set(duckdb_platform.environment):
        return load_content(duckdb_platform.settings)


def answer(platform: Platform, content: Content, chart: str) -> list[dict[str, Any]]:
    """Return what a chart shows, with the names of fields without their table."""
    query = content.charts[chart].query
    with platform.open() as warehouse:
        rows = run_query(warehouse, content.explores, query).to_pylist()
    return [{name.removeprefix(f"{query.explore}_"): value for name, value in row.items()} for row in rows]


def test_sales_are_those_of_core(platform: Platform) -> None:
    """Every line and every cent of core is in the reports of sales, once."""
    core = platform.rows("select count(*), sum(sales_value) from core.fct_sales")
    assert core == [(8, Decimal("105.25"))]
    assert platform.rows("select sum(transactions), sum(sales_value) from reporting.rpt_sales_weekly") == core
    assert platform.rows("select sum(transactions), sum(sales_value) from reporting.rpt_promotion_effect") == core
    weeks = platform.rows(
        "select week_start, baskets, households, stores, sales_value from reporting.rpt_baskets_weekly"
    )
    assert sorted(weeks) == [
        (date(2017, 1, 1), 3, 3, 2, Decimal("45.00")),
        (date(2017, 1, 8), 3, 3, 2, Decimal("60.25")),
    ]


def test_a_line_counts_for_its_strongest_promotion(platform: Platform) -> None:
    """A line with a coupon counts for the coupon, also where it has a loyalty price too."""
    measured = "promotion, sum(sales_value), sum(transactions)"
    assert platform.rows(f"select {measured} from reporting.rpt_promotion_effect group by 1 order by 1") == [
        ("coupon", Decimal("30.00"), 1),
        ("loyalty price", Decimal("5.00"), 1),
        ("no promotion", Decimal("70.25"), 6),
    ]


def test_lift_compares_with_the_days_before_and_with_others(platform: Platform) -> None:
    """A campaign's lift is its households' change of sales over that of all others; null without the days before."""
    rows = platform.rows(
        "select campaign_id, is_comparable, sales_before, sales_during, others_before, others_during, lift, "
        "households_redeeming, redemptions from reporting.rpt_campaign_effect order by 1"
    )
    # 30.00 / 25.00 over 30.25 / 20.00, less 1.
    first = (Decimal("25.00"), Decimal("30.00"), Decimal("20.00"), Decimal("30.25"), Decimal("-0.2066"))
    assert rows[0] == (1, True, *first, 1, 2)
    assert rows[1] == (2, False, None, Decimal("40.25"), None, None, None, 0, 0)


def test_segments_tell_of_nobody(platform: Platform) -> None:
    """Customers are counted by bands; no column of a person is in the report."""
    rows = platform.rows(
        "select value_band, recency_band, campaign_response, age_band, customers, lifetime_sales "
        "from reporting.rpt_customer_segments order by 1"
    )
    assert rows == [
        ("0: no purchases", "0: never", "not targeted", "unknown", 2, Decimal("0.00")),
        ("1: below 500", "2: within 30 days", "targeted only", "unknown", 1, Decimal("499.99")),
        ("3: from 1,500 to 3,000", "1: within a week", "redeems coupons", "25-34", 1, Decimal("1500.00")),
    ]


def test_quality_of_entities_is_that_of_the_run(platform: Platform) -> None:
    """Each run that measured something is there with its entity, and the latest of each entity is marked."""
    rows = (
        "select run_id, entity, entities, pair_precision, f1, parties, entities_with_several, is_latest "
        "from reporting.rpt_entity_quality order by 1"
    )
    assert platform.rows(rows) == [
        ("r1", "customer", 5, 0.8, 0.6, None, 0, False),
        ("r2", "customer", 4, 1.0, 0.95, None, 0, True),
        ("r3", "product", 7, 0.9, 0.9, None, 3, True),
    ]


def test_bad_rows_are_counted_and_not_shown(platform: Platform) -> None:
    """Bad rows are counted by reason; what a target says of a row, which may quote it, is left out."""
    rows = "select source_system, reason, status, bad_rows from reporting.rpt_quarantine order by 1, 2"
    assert platform.rows(rows) == [
        ("crm", "id", "resolved", 1),
        ("crm", "postcode", "open", 2),
        ("egress", "rejected by the target", "open", 1),
    ]


def test_freshness_tells_loads_from_changes(platform: Platform) -> None:
    """A load that found nothing new is the last load, and not the last change; only raw tables are listed."""
    rows = "select relation, row_count, last_checked_at, last_changed_at, loads from reporting.rpt_freshness order by 1"
    first, second = datetime(2026, 1, 1, 9, 1), datetime(2026, 1, 2, 9, 1)
    assert platform.rows(rows) == [
        ("raw.crm_customers", 5, second, second, 2),
        ("raw.pos_transactions", 8, second, first, 2),
    ]


def test_a_clock_that_was_wrong_hides_no_run(own_platform: Platform, content: Content) -> None:
    """Last is what was begun last, whatever its time says; a load in the future is marked as one of unknown age."""
    future = "update ops.run set started_at = timestamp '2100-01-01', finished_at = timestamp '2100-01-01' where run_id"
    fresh = "select distinct last_checked_at, is_in_future from reporting.rpt_freshness order by 2"
    with own_platform.open("ingress", "write") as warehouse:
        warehouse.execute(f"{future} = 'i1'")
    assert own_platform.rows(fresh) == [(datetime(2026, 1, 2, 9, 1), False)]
    assert answer(own_platform, content, "runs-last") == [{"last_started": datetime(2026, 1, 2, 9)}]
    assert [row["run_number"] for row in answer(own_platform, content, "runs-table")][:2] == [9, 8]
    with own_platform.open("ingress", "write") as warehouse:
        warehouse.execute(f"{future} = 'i2'")
    assert own_platform.rows(fresh) == [(datetime(2100, 1, 1), True)]


def test_runs_are_those_of_the_ledger(platform: Platform) -> None:
    """Every run is there with its time, its tests and whether it is the latest of its command; the build itself too."""
    rows = platform.rows(
        "select run_id, status, duration_seconds, tests_passed, tests_failed, is_latest from reporting.rpt_runs "
        "where step = 'transform' order by 1"
    )
    assert rows == [
        ("t1", "failed", 30.0, 5, 2, False),
        ("t2", "succeeded", 10.0, 7, 0, True),
        ("t3", "succeeded", 5.0, 0, 0, True),
        # Nobody writes as its role any more.
        ("t4", "interrupted", None, 0, 0, True),
    ]
    (built,) = platform.rows("select status, models_passed, tests_failed from reporting.rpt_runs where step = 'report'")
    assert built == ("succeeded", len([*PROJECT_DIR.glob("models/*/*.sql")]), 0)


def test_models_are_told_who_writes(platform: Platform) -> None:
    """Where another role writes beside reporting its runs may be running; else dbt is told nothing."""
    with ExitStack() as held:
        warehouse = held.enter_context(platform.open(mode="write"))
        assert variables(warehouse) == []
        if platform.engine == "postgres":
            held.enter_context(platform.open("transformation", "write"))
            assert variables(warehouse) == ["--vars", '{"writing_roles": "reporting,transformation"}']


def test_expectations_show_the_latest_outcome(platform: Platform) -> None:
    """Of a check that was made twice the later outcome is the latest one."""
    rows = "select run_id, status, rows_failed, is_latest from reporting.rpt_expectations order by 1"
    assert platform.rows(rows) == [("t1", "failed", 1, False), ("t2", "passed", 0, True)]


def test_charts_show_what_the_warehouse_holds(platform: Platform, content: Content) -> None:
    """A chart's numbers are those of the warehouse: totals, ratios, filters, calculations, order and limit."""
    assert answer(platform, content, "sales-total") == [{"total_sales": Decimal("105.25")}]
    assert answer(platform, content, "basket-value") == [{"basket_value": pytest.approx(105.25 / 6)}]
    assert answer(platform, content, "coupon-share") == [{"coupon_share": pytest.approx(30 / 105.25)}]
    assert answer(platform, content, "entity-f1") == [{"f1_score": 0.9}]
    assert answer(platform, content, "campaign-lift") == [{"campaign_id": 1, "average_lift": pytest.approx(-0.2066)}]
    assert answer(platform, content, "bad-rows-open") == [{"open_bad_rows": 3}]
    assert [row["week_start"] for row in answer(platform, content, "sales-by-week")] == [
        date(2017, 1, 1),
        date(2017, 1, 8),
    ]
    departments = answer(platform, content, "department-table")
    assert [row["department"] for row in departments] == ["GROCERY", "PRODUCE"]
    assert [row["share_of_sales"] for row in departments] == [pytest.approx(85 / 105.25), pytest.approx(20.25 / 105.25)]


def test_every_chart_answers_alike_on_both_engines(
    duckdb_platform: Platform, postgres_platform: Platform, content: Content
) -> None:
    """Each chart gives the same rows in the same order and types on both engines."""
    # What is counted from now, or is of the build itself, differs from moment to moment.
    moving = {"freshness-age", "freshness-table", "seconds-by-step", "steps-table", "runs-table", "runs-last"}
    moving |= {"runs-by-day-and-status", "data-tests-by-run"}
    for slug, chart in content.charts.items():
        answers = []
        for platform in (duckdb_platform, postgres_platform):
            with platform.open() as warehouse:
                answers.append(run_query(warehouse, content.explores, chart.query))
        ours, theirs = answers
        assert ours.schema.types == theirs.schema.types, slug
        if slug not in moving:
            assert ours.to_pylist() == [pytest.approx(row) for row in theirs.to_pylist()], slug


def test_dashboard_filter_acts_on_the_tiles_that_have_its_field(platform: Platform, content: Content) -> None:
    """A period acts on each tile by the field that the dashboard names for it, a department where there is one."""
    dashboard = content.dashboards["sales-performance"]
    department, period = dashboard.filters
    chosen = [(department, ["GROCERY"]), (period, ["2017-01-08", "2017-01-31"])]
    shown = {}
    with platform.open() as warehouse:
        for tile in dashboard.tiles:
            if tile.chart in ("sales-total", "baskets-total"):
                result = run_query(warehouse, content.explores, tile_query(content, tile, chosen))
                shown[tile.chart] = result.column(0).to_pylist()
    assert shown == {"sales-total": [Decimal("45.00")], "baskets-total": [3]}


def test_every_column_is_described(platform: Platform) -> None:
    """The columns that each model's YAML describes are those that the model has."""
    described = {}
    for file in PROJECT_DIR.glob("models/*/*.yml"):
        for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]:
            described[model["name"]] = [column["name"] for column in model["columns"]]
            assert all(column["description"] for column in model["columns"])
    for name, columns in described.items():
        with platform.open() as warehouse:
            assert warehouse.stream_arrow(f"select * from reporting.{name}").schema.names == columns


def test_build_without_core_is_a_mistake_with_a_hint(tmp_path: Path) -> None:
    """A warehouse without what the reports are made of is the user's mistake; the hint names the command to run."""
    platform = Platform("duckdb", tmp_path, f"duckdb:///{tmp_path}/warehouse.duckdb")
    code, said = platform.report("build")
    assert code == 2
    assert "error: the warehouse lacks what this step reads: `core.fct_sales`" in said
    assert "hint: run `./pixiw run transform-core` first" in said
    assert platform.rows("select step, status from ops.run") == [("report", "failed")]
    assert platform.report("page")[0] == 2
    failing = [episode.subject for episode in Alerts.from_settings(platform.settings).failing()]
    assert failing == ["step report", "step page"]


def test_build_again_changes_nothing(own_platform: Platform) -> None:
    """A second build leaves the same rows."""
    rows = "select * from reporting.rpt_sales_weekly order by week, department"
    before = own_platform.rows(rows)
    code, said = own_platform.report("build", "--select", "rpt_sales_weekly")
    assert code == 0, said
    assert own_platform.rows(rows) == before
    assert own_platform.rows("select count(*) from ops.run where step = 'report'") == [(2,)]


def test_whole_build_ends_the_failure_of_the_one_before(duckdb_platform: Platform) -> None:
    """Once the reports could be built, nobody is told any more that they could not."""
    assert Alerts.from_settings(duckdb_platform.settings).failing() == []


@pytest.mark.slow
def test_lint_command_is_content_with_this_project(duckdb_platform: Platform, content: Content) -> None:
    """The charts and dashboards of this project have no fault, and the command says what it looked at."""
    code, said = duckdb_platform.report("lint")
    assert code == 0, said
    models = len([*PROJECT_DIR.glob("models/*/*.sql")])
    assert f"{len(content.charts)} charts, {len(content.dashboards)} dashboards, {models} models: no fault" in said


def test_lint_command_fails_with_the_place_of_a_fault(duckdb_platform: Platform, tmp_path: Path) -> None:
    """A fault is printed as path, line, error and hint, and the command exits with 1; an empty folder with 2."""
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts/a.yml").write_text("slug: a\n", encoding="utf-8")
    code, said = duckdb_platform.report("lint", str(tmp_path))
    assert code == 1
    assert f"{tmp_path / 'charts/a.yml'}:1: error: `the file` lacks `name`\n  hint: add `name`\n" in said
    assert duckdb_platform.report("lint", str(tmp_path / "charts"))[0] == 2
