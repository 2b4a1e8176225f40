"""Faults in the metadata of models are found, with their line and a hint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reporting.explores import explores_of
from reporting.lint import Finding, model_findings

YAML = """\
models:
  - name: orders
    config:
      meta:
        metrics:
          ratio: {type: number, sql: "${total} / ${lines}"}
    columns:
      - name: shop
        config:
          meta:
            dimension: {type: string}
            metrics:
              lines: {type: count}
      - name: value
        config:
          meta:
            dimension: {type: number}
            metrics:
              total: {type: sum, filters: [{shop: a}]}
"""


def faults(folder: Path, text: str) -> list[Finding]:
    """Return the faults of a model whose YAML this is."""
    (folder / "orders.yml").write_text(text, encoding="utf-8")
    (model,) = yaml.safe_load(text)["models"]
    columns: dict[str, Any] = {column["name"]: column for column in model["columns"]}
    nodes = [{**model, "columns": columns, "schema": "reporting", "patch_path": "reporting://orders.yml"}]
    return list(model_findings(nodes, explores_of(nodes), folder))


def test_metrics_that_are_right_have_no_fault(tmp_path: Path) -> None:
    """Metrics of known kinds on columns that there are, and those made of them, have no fault."""
    assert faults(tmp_path, YAML) == []


@pytest.mark.parametrize(
    ("old", "new", "told", "line"),
    [
        ("${lines}", "${line}", "metric `ratio` refers to an unknown field: `line`", 6),
        ("${lines}", "${ratio}", "metric `ratio` refers to itself", 6),
        ("shop: a", "shp: a", "metric `total` has a filter on an unknown dimension: `shp`", 19),
        ("type: count", "type: counted", "no such kind of metric: `counted`", 13),
        ("lines: {", "shop: {", "a metric with the name of another dimension, which Lightdash leaves out: `shop`", 13),
        ("total: {", "lines: {", "a metric with the name of another metric, which Lightdash leaves out: `lines`", 19),
    ],
)
def test_fault_of_a_metric_is_found(tmp_path: Path, old: str, new: str, told: str, line: int) -> None:
    """A metric that cannot be is told with its line and a hint."""
    text = YAML.replace(old, new)
    if new.endswith("{"):
        text = text.replace("${total} / ${lines}", "1")
    (found,) = faults(tmp_path, text)
    assert found.message.startswith(told)
    assert found.line == line
    assert found.hint
