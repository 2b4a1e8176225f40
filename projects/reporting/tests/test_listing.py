"""What other programs are told: which tables there are, and what dbt does."""

from __future__ import annotations

import json

from platforms import Platform

from reporting.project import PROJECT_DIR


def test_list_tells_what_the_page_is_made_of(platform: Platform) -> None:
    """`list` writes dbt's manifest, and the page reads tables that are models there."""
    code, said = platform.report("list", "--json")
    assert code == 0, said
    listed = json.loads(said)
    manifest = json.loads((PROJECT_DIR.parents[1] / listed["manifest"]).read_text(encoding="utf-8"))
    models = {f"{node['schema']}.{node['name']}" for node in manifest["nodes"].values()}
    (page,) = listed["pages"]
    assert "reporting.rpt_runs" in page["reads"]
    assert {*page["reads"]} <= models
    assert (PROJECT_DIR.parents[1] / page["code"]).is_dir()


def test_events_are_json(own_platform: Platform) -> None:
    """With `--events` dbt's events are standard output, one JSON object a line, for whoever shows them."""
    code, said = own_platform.report("build", "--select", "rpt_runs", "--events")
    assert code == 0, said
    events = [json.loads(line)["info"]["name"] for line in said.splitlines() if line.startswith("{")]
    assert "LogModelResult" in events
