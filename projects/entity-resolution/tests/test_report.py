"""The page of a model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
from conftest import Platform, training_alone

SPECS = re.compile(r"Object\.entries\((\{.*?\})\)\) \{\n", re.DOTALL)


def charts(html: str) -> list[dict[str, Any]]:
    """Return the charts of a page, in their order."""
    found = SPECS.search(html)
    assert found is not None
    return list(json.loads(found[1]).values())


def test_report(again: Platform, truth: Path) -> None:
    """It has weights, m and u, precision and recall, needs no network and holds no value of a record."""
    before = again.master()
    finished = again.run("model", "report", "--entity", "customer", "--truth", str(truth))
    assert finished.code == 0, finished.err
    page = again.model_folder / "model-1.html"
    assert finished.out == f"{page}\n"
    html = page.read_text()
    assert "default-src 'none'" in html
    assert not re.findall(r"<(?:script[^>]*src=|link)", html)
    weights, parameters, quality = (chart["data"]["values"] for chart in charts(html) if chart["data"]["values"])
    assert {row["comparison_name"] for row in weights} >= {"given_name", "date_of_birth"}
    assert {"m_probability", "u_probability"} <= parameters[0].keys()
    recall = {row["threshold"]: row["value"] for row in quality if row["measure"] == "recall"}
    assert (len(recall), recall["0.01"] >= recall["0.9999"] > 0.5) == (11, True)
    text = json.dumps(charts(html))
    names = again.fetch("select distinct surname from core.dim_customer where length(surname) > 5")
    assert not [name for (name,) in names if name in text]
    assert re.search(r"<td>given_name</td><td>0\.000</td><td>[\d.]+%</td>", html)
    assert again.master() == before


@training_alone
def test_report_tells_of_another_population(again: Platform, sample: pa.Table) -> None:
    """The column whose values are spread otherwise than in the training stands first, with what is missing in both."""
    places = pa.array([None if place % 2 else "x" * 20 for place in range(sample.num_rows)])
    again.put(sample.set_column(sample.schema.get_field_index("suburb"), "suburb", places))
    assert again.run("model", "report", "--entity", "customer").code == 0
    html = (again.model_folder / "model-1.html").read_text()
    first = re.search(r"<td>(\w+)</td><td>([\d.]+)</td><td>([\d.]+)%</td><td>50\.0%</td>", html)
    assert first is not None
    assert (first[1], float(first[2]) > 0.25, float(first[3]) < 10) == ("suburb", True, True)


@training_alone
def test_report_without_truth(again: Platform, tmp_path: Path) -> None:
    """Without a truth it says so and shows the rest; where it is written can be said."""
    file = tmp_path / "pages" / "model.html"
    finished = again.run("model", "report", "--entity", "customer", "--output", str(file))
    assert (finished.code, finished.out) == (0, f"{file}\n")
    assert "Not measured: there is no truth" in file.read_text()


def test_report_without_a_model(platform: Platform) -> None:
    """There is nothing to show before a model was trained."""
    finished = platform.run("model", "report", "--entity", "customer")
    assert (finished.code, "there is no model of `customer` yet" in finished.err) == (2, True)
