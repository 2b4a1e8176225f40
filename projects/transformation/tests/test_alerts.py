"""What is told of builds that fail."""

from __future__ import annotations

from typing import Any

import pytest
from platforms import Platform

from shared.dbt.results import Node
from shared.monitoring.alerts import Alerts
from transformation.build import subject, whole_parts
from transformation.layers import Scope

DUCKDB_ONLY = pytest.mark.parametrize("engine", ["duckdb"], indirect=True)


@DUCKDB_ONLY
def test_failing_build_is_told_and_only_a_whole_one_ends_it(on_core: Platform) -> None:
    """A part of the layers that cannot be built is told; a build of some nodes does not end that, that of all does."""
    on_core.sql("drop table raw.loyalty_members", role="ingress")
    assert on_core.transform("build", "core").code == 2
    some = on_core.transform("build", "core", "--select", "dim_store")
    assert (some.code, "recovered: " in some.err) == (0, False), some.err
    failing = {each.subject: each.message for each in Alerts.from_settings(on_core.settings).failing()}
    assert failing["step transform: core"] == "the warehouse lacks what this step reads: `raw.loyalty_members`"


@pytest.mark.parametrize(
    ("scope", "failed", "part"),
    [
        ("all", [], "core"),
        ("all", ["egress/denormalized", "core/facts"], "core"),
        ("all", ["egress/denormalized", "egress/api_models"], "egress"),
        ("egress", [], "egress"),
    ],
)
def test_failure_is_of_the_part_whose_nodes_failed(scope: Scope, failed: list[str], part: str) -> None:
    """Of a build of everything, core has failed unless all that failed is egress's."""
    facts: dict[str, Any] = {"kind": "model", "materialized": "view", "status": "error", "message": "", "seconds": 0.0}
    facts |= {"tested": None, "description": "", "severity": "error", "failures": None}
    nodes = [Node(name=folder, folder=folder, **facts) for folder in failed]
    assert subject(scope, nodes) == f"step transform: {part}"


def test_only_a_whole_build_ends_a_failure() -> None:
    """A build of everything in a part ends its failure; one of some nodes ends none."""
    assert whole_parts("all", [], []) == ["core", "egress"]
    assert whole_parts("core", [], []) == ["core"]
    assert whole_parts("all", ["fct_sales"], []) == whole_parts("core", [], ["resource_type:test"]) == []
