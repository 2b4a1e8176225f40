"""Each fault that a chart or dashboard can have is found, with its line and a hint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lint_files import CHART, Folder, put

from reporting.lint import lint
from reporting.project import PROJECT_DIR
from shared.errors import InputError

QUERY = "metricQuery"
RULE = "metricQuery.filters.dimensions.and.0"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a folder without a fault."""
    return Folder(tmp_path)


def test_what_is_right_has_no_fault(folder: Folder) -> None:
    """A chart that asks for what there is, on a dashboard, has no fault."""
    assert folder.faults() == []


@pytest.mark.parametrize(
    ("keys", "value", "told", "line"),
    [
        ("tableName", "order", "no such model: `order` | did you mean `orders`?", "tableName: order"),
        (
            "metricQuery.exploreName",
            "shops",
            "`exploreName` is not the chart's `tableName`: `shops`",
            "exploreName: shops",
        ),
        ("metricQuery.dimensions.0", "orders_day_mont", "no such dimension: `orders_day_mont`", "- orders_day_mont"),
        (
            "metricQuery.metrics.0",
            "orders_totl",
            "no such metric: `orders_totl` | did you mean `orders_total`?",
            "- orders_totl",
        ),
        (
            "metricQuery.dimensions.0",
            "orders_orders",
            "a metric among the dimensions: `orders_orders`",
            "- orders_orders",
        ),
        ("metricQuery.metrics.0", "orders_size", "a dimension among the metrics: `orders_size`", "- orders_size"),
        (
            f"{RULE}.target.fieldId",
            "orders_shp",
            "a filter on an unknown dimension: `orders_shp`",
            "fieldId: orders_shp",
        ),
        (
            f"{RULE}.operator",
            "lessThan",
            "is of type string, which has no filter operator `lessThan`",
            "operator: lessThan",
        ),
        (
            "metricQuery.sorts.0.fieldId",
            "orders_size",
            "ordered by a field that is not selected: `orders_size`",
            "orders_size",
        ),
        (
            "metricQuery.tableCalculations.0.template.fieldId",
            "orders_orders",
            "`share` uses a field that is not",
            "name: share",
        ),
        (
            "metricQuery.tableCalculations.0.name",
            "orders_total",
            "the name of a table calculation is used twice",
            "name: orders",
        ),
        (
            "chartConfig.config.layout.xField",
            "orders_shop",
            "shows a field that it does not select: `orders_shop`",
            "xField: orders_shop",
        ),
        (
            "pivotConfig",
            {"columns": ["orders_shop"]},
            "the pivot is no dimension that the chart selects",
            "- orders_shop",
        ),
    ],
)
def test_fault_in_a_chart_is_found(folder: Folder, keys: str, value: Any, told: str, line: str) -> None:
    """A chart that names what there is not, or uses it wrongly, is told with the line and a hint."""
    put(folder.chart, keys, value)
    found = folder.faults()
    lines = [fault.path.read_text("utf-8").splitlines()[fault.line - 1] for fault in found]
    shown = [f"{fault.message} | {fault.hint} | {line}" for fault, line in zip(found, lines, strict=True)]
    assert any(told in fault and line in fault.rpartition("| ")[2] for fault in shown), shown


@pytest.mark.parametrize(
    ("field", "operator", "values", "told"),
    [
        ("orders_size", "equals", ["many"], "not a number: `many`"),
        ("orders_size", "lessThan", [True], "not a number: `True`"),
        ("orders_day", "equals", ["soon"], "not a date: `soon`"),
        ("orders_day", "inBetween", ["2017-01-01", "2017-02-30"], "not a date: `2017-02-30`"),
        ("orders_seen_at", "greaterThan", ["later"], "not a date or timestamp: `later`"),
        ("orders_paid", "equals", ["perhaps"], "not true or false: `perhaps`"),
        ("orders_day", "inThePast", ["a few"], "not a number: `a few`"),
        ("orders_day", "inBetween", ["2017-01-01"], "`inBetween` takes two values"),
    ],
)
def test_value_that_does_not_fit_its_field_is_found(
    folder: Folder, field: str, operator: str, values: list[Any], told: str
) -> None:
    """A filter's value that is not of its field's type, or one too few, is told with its line and a hint."""
    put(folder.chart, RULE, {"target": {"fieldId": field}, "operator": operator, "values": values})
    fault = folder.fault()
    assert told in fault
    assert "write" in fault


@pytest.mark.parametrize(
    ("field", "operator", "values"),
    [
        ("orders_size", "inBetween", [1, "2.5"]),
        ("orders_day", "equals", ["2017-01-31"]),
        ("orders_day_month", "inThePast", [3]),
        ("orders_seen_at", "greaterThan", ["2017-01-31T12:00:00"]),
        ("orders_paid", "equals", [True]),
        ("orders_paid", "equals", ["false"]),
        ("orders_shop", "include", ["a"]),
        ("orders_shop", "isNull", []),
        ("orders_shop", "equals", []),
    ],
)
def test_value_that_fits_is_no_fault(folder: Folder, field: str, operator: str, values: list[Any]) -> None:
    """Values of a field's type, also as text, and none at all, are no fault."""
    put(folder.chart, RULE, {"target": {"fieldId": field}, "operator": operator, "values": values})
    assert folder.faults() == []


def test_filters_in_groups_are_looked_at(folder: Folder) -> None:
    """A filter within a group within a group is held against its field too, and so is one on a metric."""
    inner = {"target": {"fieldId": "orders_nothing"}, "operator": "equals", "values": [1]}
    folder.chart[QUERY]["filters"] = {"dimensions": {"and": [{"or": [inner]}]}, "metrics": {"and": [inner]}}
    assert [fault.message for fault in folder.faults()] == [
        "a filter on an unknown dimension: `orders_nothing`",
        "a filter on an unknown metric: `orders_nothing`",
    ]


@pytest.mark.parametrize(
    ("kind", "config", "dimensions", "metrics", "told"),
    [
        ("cartesian", {}, [], ["orders_total"], "a chart with axes without a dimension"),
        ("cartesian", {}, ["orders_day"], [], "a chart with axes without a metric"),
        ("cartesian", {}, ["orders_day"], ["orders_total"], "a chart with axes needs `xField` and `yField`"),
        (
            "cartesian",
            {"x": "orders_day", "y": ["orders_day"]},
            ["orders_day"],
            ["orders_total"],
            "`yField` is not a number",
        ),
        (
            "cartesian",
            {"x": "orders_day", "y": ["orders_total"]},
            ["orders_day", "orders_shop"],
            ["orders_total"],
            "a dimension that is neither an axis nor a series: `orders_shop`",
        ),
        ("big_number", {}, [], ["orders_total", "orders_orders"], "a big number of 2 metrics"),
        ("big_number", {}, ["orders_shop"], [], "a big number without a metric"),
        ("big_number", {"selectedField": "orders_orders"}, [], ["orders_total"], "a field that it does not select"),
        ("gauge", {}, [], ["orders_total", "orders_orders"], "a gauge of 2 metrics"),
        ("pie", {}, ["orders_shop", "orders_size"], ["orders_total"], "a pie of 2 dimensions"),
        ("pie", {}, ["orders_shop"], ["orders_total", "orders_orders"], "a pie of 2 metrics"),
        ("pie", {}, [], ["orders_total"], "a pie without a dimension"),
        ("pie", {}, ["orders_shop"], [], "a pie without a metric"),
        ("table", {}, [], [], "the chart asks for nothing"),
        (
            "table",
            {"columns": {"orders_shop": {}}},
            ["orders_day"],
            [],
            "a field that it does not select: `orders_shop`",
        ),
    ],
)
def test_kind_that_does_not_fit_its_fields_is_found(
    folder: Folder, kind: str, config: dict[str, Any], dimensions: list[str], metrics: list[str], told: str
) -> None:
    """A chart of a kind that cannot show what it selects is told, with a hint."""
    if kind == "cartesian":
        axes = {key: config[short] for key, short in (("xField", "x"), ("yField", "y")) if short in config}
        config = {"layout": axes, "eChartsConfig": {}}
    folder.chart[QUERY] |= {"dimensions": dimensions, "metrics": metrics, "sorts": [], "tableCalculations": []}
    folder.chart["chartConfig"] = {"type": kind, "config": config}
    faults = folder.faults()
    assert told in " ".join(fault.message for fault in faults)
    assert all(fault.hint for fault in faults)


def test_big_number_with_a_chosen_metric_is_right(folder: Folder) -> None:
    """Of several metrics a big number may show the one that it names."""
    metrics = ["orders_total", "orders_orders"]
    folder.chart[QUERY] |= {"dimensions": [], "metrics": metrics, "sorts": [], "tableCalculations": []}
    folder.chart["chartConfig"] = {"type": "big_number", "config": {"selectedField": "orders_orders"}}
    assert folder.faults() == []


@pytest.mark.parametrize(
    ("keys", "value", "told", "line"),
    [
        ("nme", "x", "`the file` has an unknown key: `nme` | did you mean `name`?", ""),
        ("metricQuery.limit", "many", "`metricQuery.limit` is not of type number: `many`", "limit: many"),
        ("version", 2, "`version` cannot be: `2`", "version: 2"),
        (f"{RULE}.operator", "equal", "cannot be: `equal` | did you mean `equals`?", "operator: equal"),
        ("chartConfig.type", "line", "`chartConfig` is of no known type: `line`", "chartConfig:"),
        ("chartConfig.config", {}, "`chartConfig.config` lacks `eChartsConfig`", "config: {}"),
    ],
)
def test_file_that_is_not_as_the_schema_says_is_found(
    folder: Folder, keys: str, value: Any, told: str, line: str
) -> None:
    """What Lightdash's schema does not allow is told in words, with its line, and with the nearest name."""
    put(folder.chart, keys, value)
    faults = [f"{fault.message} | {fault.hint}" for fault in folder.faults()]
    assert any(told in fault for fault in faults), faults
    assert line in (folder.path / "charts/totals.yml").read_text("utf-8").splitlines()[folder.faults()[0].line - 1]


def test_file_that_is_no_yaml_is_found(folder: Folder) -> None:
    """A file that is not readable as YAML, or has a key twice, is told with its line; the others are looked at."""
    folder.write()
    (folder.path / "charts/broken.yml").write_text("slug: a\nname: [b\n", encoding="utf-8")
    (folder.path / "charts/double.yml").write_text("slug: a\nname: b\nslug: c\n", encoding="utf-8")
    (folder.path / "charts/other.yaml").write_text("slug: a\n", encoding="utf-8")
    (folder.path / "charts/void.yml").write_text("", encoding="utf-8")
    told = {fault.path.name: (fault.line, fault.message) for fault in lint(folder.path, {}).findings}
    assert told["broken.yml"][0] == 3
    assert told["broken.yml"][1].startswith("not readable as YAML")
    assert told["double.yml"] == (3, "a key that is there twice: `slug`")
    assert told["other.yaml"][1] == "a file that nobody reads: `other.yaml`"
    assert told["void.yml"][1] == "the file is empty"
    assert told["totals.yml"][1] == "no such model: `orders`"


def test_chart_that_nothing_shows_is_found(folder: Folder) -> None:
    """A chart that no dashboard shows is told; one that belongs to a dashboard by its own file is not."""
    alone = {**CHART, "slug": "alone"}
    assert "no dashboard shows the chart: `alone`" in folder.fault(charts__alone=alone)
    assert folder.faults(charts__alone={**alone, "dashboardSlug": "overview"}) == []


def test_slug_that_two_files_have_is_found(folder: Folder) -> None:
    """Two charts of one slug are told, with both files."""
    fault = folder.fault(charts__zebra=CHART)
    assert "the slug of another file: `totals`, in `totals.yml`" in fault


CHOSEN = "filters.dimensions.0"


@pytest.mark.parametrize(
    ("keys", "value", "told", "line"),
    [
        (
            "tiles.0.properties.chartSlug",
            "total",
            "no such chart: `total` | did you mean `totals`?",
            "chartSlug: total",
        ),
        ("tiles.0.tabSlug", "first", "no such tab: `first`", "tabSlug: first"),
        (f"{CHOSEN}.target.tableName", "order", "a filter on an unknown model: `order`", "tableName: order"),
        (
            f"{CHOSEN}.target.fieldId",
            "orders_sho",
            "a filter on an unknown dimension: `orders_sho`",
            "fieldId: orders_sho",
        ),
        (f"{CHOSEN}.operator", "greaterThan", "has no filter operator `greaterThan`", "operator: greaterThan"),
        (f"{CHOSEN}.tileTargets", {"tot": False}, "no such tile: `tot` | did you mean `totals`?", "tot: false"),
        (f"{CHOSEN}.tileTargets.totals.fieldId", "orders_size", "but in this tile on a number", "fieldId: orders_size"),
        (
            f"{CHOSEN}.tileTargets.totals.fieldId",
            "shops_city",
            "`orders` has no such dimension: `shops_city`",
            "shops_city",
        ),
    ],
)
def test_fault_in_a_dashboard_is_found(folder: Folder, keys: str, value: Any, told: str, line: str) -> None:
    """A dashboard that names what there is not is told with the line and a hint."""
    put(folder.dashboard, keys, value)
    found = [fault for fault in folder.faults() if fault.path.name == "overview.yml"]
    lines = [fault.path.read_text("utf-8").splitlines()[fault.line - 1] for fault in found]
    assert any(
        told in f"{fault.message} | {fault.hint}" and line in text for fault, text in zip(found, lines, strict=True)
    )


def test_filter_that_no_tile_has_is_found(folder: Folder) -> None:
    """A dashboard's filter on a field that no tile's model has acts on nothing, which is told."""
    rule = {"target": {"fieldId": "shops_city", "tableName": "shops"}, "operator": "equals", "values": []}
    folder.dashboard["filters"]["dimensions"] = [rule]
    assert "a filter on a field that no tile has: `shops_city`" in folder.fault()


def test_filter_value_of_a_dashboard_is_held_against_its_field(folder: Folder) -> None:
    """A dashboard's filter on a date takes dates alone."""
    rule = {"target": {"fieldId": "orders_day", "tableName": "orders"}, "operator": "equals", "values": ["soon"]}
    folder.dashboard["filters"]["dimensions"] = [rule]
    assert "not a date: `soon`" in folder.fault()


def test_two_tiles_of_one_name_are_found(folder: Folder) -> None:
    """Two tiles of one dashboard cannot have the same name, as filters name them."""
    folder.dashboard["tiles"].append({**folder.dashboard["tiles"][0], "x": 18})
    assert "two tiles of one name: `totals`" in folder.fault()


def test_all_faults_are_told_at_once(folder: Folder) -> None:
    """One run tells every fault, in the order of files and lines."""
    put(folder.chart, "metricQuery.sorts.0.fieldId", "orders_size")
    put(folder.chart, f"{RULE}.target.fieldId", "orders_nothing")
    put(folder.dashboard, f"{CHOSEN}.operator", "lessThan")
    found = folder.faults()
    assert [fault.path.name for fault in found] == ["totals.yml", "totals.yml", "overview.yml"]
    assert found == sorted(found)


def test_folder_without_files_is_a_mistake(tmp_path: Path) -> None:
    """A folder in which there is nothing to lint is the caller's mistake."""
    with pytest.raises(InputError, match="no charts or dashboards in"):
        lint(tmp_path, {})


def test_the_schemas_come_with_their_licence() -> None:
    """Lightdash's schemas are kept with the licence that they are under."""
    assert "MIT" in (PROJECT_DIR / "schemas/LICENSE").read_text(encoding="utf-8")
