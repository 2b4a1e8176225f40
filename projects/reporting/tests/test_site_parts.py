"""What the page is made of: formulas, forms of numbers, columns, the looks of charts, places of tiles."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pages
import pyarrow as pa
import pytest

from reporting.content import Dashboard, Tile
from reporting.explores import Join
from reporting.query import columns_of
from reporting.site.datasets import MOST_ROWS, ModelRows, encoded_numbers, encoded_values
from reporting.site.display import Field, display
from reporting.site.formats import compact, number_format
from reporting.site.formulas import NotComputable, formula_of
from reporting.site.page import as_listed, as_option, embedded, first_values, offsets_of, plan_page
from shared.config import Settings
from shared.errors import ConfigurationError, InputError
from shared.warehouse import open_warehouse

SALES = "#,##0.00"


@pytest.mark.parametrize(
    ("sql", "formula"),
    [
        ("${a}", ["a"]),
        ("1.0 * ${a} / nullif(${b}, 0)", ["/", ["*", 1.0, ["a"]], ["nullif", ["b"], 0]]),
        ("${a} - ${b} - ${c}", ["-", ["-", ["a"], ["b"]], ["c"]]),
        ("-(${a} + 2) * COALESCE(${t.b}, 0)", ["*", ["-", 0, ["+", ["a"], 2]], ["coalesce", ["t.b"], 0]]),
        ("${a}::numeric / ${b}", ["/", ["a"], ["b"]]),
    ],
)
def test_arithmetic_of_metrics_becomes_a_formula(sql: str, formula: Any) -> None:
    """SQL of metrics, numbers, `nullif` and `coalesce` becomes a formula with the precedence that SQL gives it."""
    assert formula_of(sql, lambda name: [name]) == formula


@pytest.mark.parametrize(
    "sql", ["greatest(${a}, 0)", "case when ${a} > 0 then 1 end", "${a} || 'x'", "${a} ** 2", "x", "sum(x)", "", "_0"]
)
def test_other_sql_is_left_to_the_warehouse(sql: str) -> None:
    """What is more than arithmetic of metrics is not guessed at."""
    with pytest.raises(NotComputable):
        formula_of(sql, lambda name: [name])


def test_big_number_is_shown_in_its_unit() -> None:
    """Lightdash's styles and their short names scale a number and say so behind it; others leave it as it is."""
    form = number_format(SALES)
    assert (compact(form, "millions").factor, compact(form, "M").suffix) == (1e-6, "M")
    assert compact(form, None) == form
    assert compact(form, "kibibytes") == form


def test_exact_numbers_stay_exact() -> None:
    """Decimals are integers with a divisor, whole numbers themselves, nulls null; also decimals that come as text."""
    decimals = pa.chunked_array([pa.array([Decimal("10.10"), None, Decimal("-0.01")], pa.decimal128(18, 2))])
    assert encoded_numbers(decimals) == {"numbers": [1010, None, -1], "divisor": 100}
    assert encoded_numbers(pa.chunked_array([["1.5", "20"]])) == {"numbers": [15, 200], "divisor": 10}
    assert encoded_numbers(pa.chunked_array([pa.array([7, None])])) == {"numbers": [7, None], "divisor": 1}
    assert encoded_numbers(pa.chunked_array([pa.array([0.5])])) == {"numbers": [0.5], "divisor": 1}


def test_what_json_lacks_is_null() -> None:
    """Infinite numbers and those that are none are null in the page."""
    odd = [float("nan"), float("inf"), 1.0]
    assert encoded_numbers(pa.chunked_array([pa.array(odd, from_pandas=False)]))["numbers"] == [None, None, 1.0]
    assert encoded_values(odd) == {"values": [1.0], "codes": [-1, -1, 0]}


def test_options_are_in_the_order_of_their_kind() -> None:
    """Choices of numbers are listed by size and written as the page writes them, texts after them by letter."""
    values = ["pear", 10, 2.0, "apple", -1.5, True]
    assert sorted(map(as_option, values), key=as_listed) == ["-1.5", "2", "10", "apple", "pear", "true"]


def test_values_are_kept_once() -> None:
    """Values become codes of the different ones, nulls -1; dates and moments are texts, and true is not 1."""
    assert encoded_values(["a", None, "a", "b"]) == {"values": ["a", "b"], "codes": [0, -1, 0, 1]}
    moments = [date(2017, 1, 2), datetime(2017, 1, 2, 3, 4, 5)]
    assert encoded_values(moments)["values"] == ["2017-01-02", "2017-01-02T03:04:05"]
    assert encoded_values([True, 1])["codes"] == [0, 1]


def test_json_ends_no_script() -> None:
    """Whatever is in the data, its JSON has no character that HTML or a script takes for its own."""
    text = embedded({"name": "</script><!--\u2028&"})
    assert not set("<>&\u2028") & set(text)


def test_model_of_too_many_rows_is_refused(tmp_path: Any) -> None:
    """A model of more rows than a page can hold is named, with a hint."""
    settings = Settings(data_dir=tmp_path, warehouse_url=f"duckdb:///{tmp_path}/warehouse.duckdb")
    with open_warehouse(settings, holder="test", role="reporting", mode="write") as warehouse:
        warehouse.replace_arrow(f"reporting.{pages.TABLE}", pa.table({"department": pa.array(["x"] * (MOST_ROWS + 1))}))
        rows = ModelRows(pages.content().explores[pages.TABLE])
        rows.dimension(f"{pages.TABLE}_department")
        with pytest.raises(InputError, match=f"reporting.{pages.TABLE}") as caught:
            rows.fetch(warehouse)
    assert caught.value.hint


def look(slug: str) -> dict[str, Any]:
    """Return how a chart of the small model is shown."""
    content = pages.content()
    chart = content.charts[slug]
    columns = columns_of(content.explores[pages.TABLE], chart.query)
    return display(chart, [Field(column, index) for index, column in enumerate(columns)], rows=8)


def test_stacked_bars_of_a_pivot() -> None:
    """A pivoted chart takes its series from the dimension, stacks them where the layout says so, and colours them."""
    shown = look("stacked")
    encoding = shown["spec"]["encoding"]
    assert (shown["x"], shown["ys"], shown["pivot"]) == (0, [2], 1)
    assert encoding["y"]["stack"] == "zero"
    assert encoding["color"]["field"] == "series"
    assert "xOffset" not in encoding


def test_two_axes_have_scales_of_their_own() -> None:
    """A bar and a line on a second axis are two layers with independent scales; the line is drawn on the bars."""
    spec = look("two-axes")["spec"]
    assert [part["mark"]["type"] for part in spec["layer"]] == ["bar", "line"]
    assert spec["resolve"] == {"scale": {"y": "independent"}}
    assert [part["encoding"]["y"]["title"] for part in spec["layer"]] == ["Total sales", "Average lift"]
    assert [part["transform"][0]["filter"]["oneOf"] for part in spec["layer"]] == [[0], [1]]
    assert spec["layer"][1]["encoding"]["y"]["axis"]["format"] == "~%"


def test_lines_over_time_have_a_scale_of_time() -> None:
    """Lines over a date have a scale of time in UTC, bars over it stand beside each other."""
    assert look("lines")["spec"]["encoding"]["x"]["scale"] == {"type": "utc"}
    assert look("lines")["continuous"]
    assert not look("two-axes")["continuous"]


def test_flipped_bars_lie() -> None:
    """With flipped axes the places are one below the other."""
    content = pages.content()
    config = pages.axes("department", "total_sales", layout={"flipAxes": True})
    chart = replace(content.charts["bars"], config=config)
    columns = columns_of(content.explores[pages.TABLE], chart.query)
    spec = display(chart, [Field(column, index) for index, column in enumerate(columns)], rows=8)["spec"]
    assert (spec["encoding"]["y"]["field"], spec["encoding"]["x"]["field"]) == ("x", "y")


@pytest.mark.parametrize("kind", ["funnel", "treemap", "map", "custom"])
def test_chart_of_another_kind_is_a_table(kind: str) -> None:
    """A kind of chart that the page does not draw is shown as a table, so that its numbers are there."""
    content = pages.content()
    chart = replace(content.charts["bars"], kind=kind)
    columns = columns_of(content.explores[pages.TABLE], chart.query)
    assert display(chart, [Field(column, index) for index, column in enumerate(columns)], rows=8)["kind"] == "table"


def test_model_is_read_once_however_many_charts_it_has() -> None:
    """All charts of a model share its rows; only what the page cannot compute has data of its own."""
    plan = plan_page(pages.content())
    assert [type(dataset).__name__ for dataset in plan.datasets.all] == ["ModelRows", "QueryRows"]
    assert plan.relations == {f"reporting.{pages.TABLE}"}


def test_joined_models_are_left_to_the_warehouse() -> None:
    """Charts of a model that is joined with another show the warehouse's answer: which rows there are depends on it."""
    content = pages.content()
    explore = content.explores[pages.TABLE]
    joined = replace(explore, joins=(Join("other", "other", "${rpt_things.week_start} = ${other.week_start}", "left"),))
    plan = plan_page(replace(content, explores={pages.TABLE: joined}))
    assert {type(dataset).__name__ for dataset in plan.datasets.all} == {"QueryRows"}
    assert all(tile["filters"] == {} for tile in plan.tiles.values())


def test_tabs_follow_one_another() -> None:
    """The tiles of a second tab are placed below those of the first."""
    tiles = [
        Tile("heading", str(n), 0, y, 36, 4, "", tab=tab) for n, (tab, y) in enumerate([("a", 0), ("a", 4), ("b", 0)])
    ]
    assert offsets_of(tiles) == {"a": 0, "b": 8}


def test_dashboard_may_open_filtered() -> None:
    """A filter that the dashboard sets is set when the page opens; one that the controls cannot say is a mistake."""
    shown: Dashboard = pages.dashboard()
    department, period = shown.filters
    assert first_values(replace(department, values=("MEAT",)), "choice")["equals"] == "MEAT"
    assert first_values(replace(department, values=("MEAT",), disabled=True), "choice")["equals"] == ""
    year = first_values(replace(period, values=("2017-01-01", "2017-12-31")), "period")
    assert (year["from"], year["to"]) == ("2017-01-01", "2017-12-31")
    with pytest.raises(ConfigurationError, match="Department") as caught:
        first_values(replace(department, operator="startsWith", values=("M",)), "choice")
    assert caught.value.hint
