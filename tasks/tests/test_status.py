"""The page that shows how the platform stands."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from shared.config import get_settings
from shared.monitoring import record_run
from shared.utils.clock import utc_now
from shared.warehouse import open_warehouse
from shared.warehouse.migrations import OPS
from tasks.status import main

EMPTIED = {"column": "date_of_birth", "rule": "before 1900 or after the load", "given": 100, "at_most": 0.05}


@pytest.fixture
def filled(warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a warehouse with two ingest runs, a failed transformation, a bad row, a delivery and an exported file."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    bad: dict[str, object] = {
        "quarantine_id": "q",
        "source": "crm",
        "resource": "customers",
        "origin": "a.csv",
    }
    bad |= {"reason": "`postcode`: not a number", "payload": "{}", "position": 7}
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        for rows in (10, 1_234_567):
            with record_run(warehouse, step="ingest", command="run --all") as run:
                run.output("raw.pos_transactions", rows=rows)
                run.output("staging.cln_crm_customers", rows=rows, detail={"emptied": [EMPTIED | {"emptied": 88}]})
                run.leave_out("raw.suppliers", "no file `landing/suppliers/*.csv`")
            bad["run_id"] = run.id
        with record_run(warehouse, step="resolve", command="run") as run:
            run.metric("f1", 0.9991)
        with record_run(warehouse, step="deliver", command="run") as run:
            run.output("crm", rows=42, detail={"unchanged": 3})
        with pytest.raises(ValueError), record_run(warehouse, step="transform", command="build core"):
            raise ValueError("model `fct_sales` failed")
        now = utc_now()
        bad |= {"first_seen_at": now, "last_seen_at": now}
        warehouse.append_arrow("ops.quarantine", pa.Table.from_pylist([bad]))
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "customer_360.csv").write_text("entity_id\n")
    return tmp_path


def test_page_shows_the_last_of_everything(
    filled: Path, warehouse_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Steps, rows of the last run, reasons in quarantine, figures, deliveries and files are all on the page."""
    main([])
    page = capsys.readouterr().out
    assert "1,234,567" in page
    assert f"the warehouse, layout {OPS.latest}" in page
    for text in ("✓ ingest", "✗ transform", "model `fct_sales` failed", "`postcode`: not a number", "a.csv"):
        assert text in page
    for text in ("raw.suppliers", "no file `landing/suppliers/*.csv`"):
        assert text in page
    for text in ("⚠ staging.cln_crm_customers.date_of_birth", "before 1900 or after the load", "88 of 100", "88.0%"):
        assert text in page
    for text in ("f1 0.9991", "unchanged 3", "customer_360.csv", "10 bytes", warehouse_url.rpartition("/")[2]):
        assert text in page


def test_report_is_named_by_its_address(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is a page of reports its address is the last line, in one piece; where there is none, nothing is."""
    main([])
    assert "for a browser" not in capsys.readouterr().out
    page = filled / "reports" / "index.html"
    page.parent.mkdir()
    page.write_text("<title>Reports</title>", encoding="utf-8")
    main([])
    assert capsys.readouterr().out.splitlines()[-1] == f"The report, for a browser: {page.as_uri()}"


def test_json_holds_the_same(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints one object in which an older run's figures do not appear."""
    main(["--json"])
    state = json.loads(capsys.readouterr().out)
    assert state["warehouse"]["layout"] == OPS.latest
    assert [(table["relation"], table["row_count"]) for table in state["tables"]] == [
        ("raw.pos_transactions", 1_234_567),
        ("staging.cln_crm_customers", 1_234_567),
    ]
    assert state["emptied"] == [{"relation": "staging.cln_crm_customers", **EMPTIED, "emptied": 88}]
    assert [run["step"] for run in state["runs"]] == ["ingest", "resolve", "deliver", "transform"]
    assert [delivery["relation"] for delivery in state["deliveries"]] == ["crm"]


def test_last_run_is_the_last_that_was_begun(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the clock was set back, the runs and figures shown are still those of the runs that were begun last."""
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("update ops.run set started_at = timestamp '2100-01-01' - sequence * interval '1 day'")
    main(["--json"])
    state = json.loads(capsys.readouterr().out)
    assert [table["row_count"] for table in state["tables"]] == [1_234_567] * 2
    assert [run["step"] for run in state["runs"]] == ["ingest", "resolve", "deliver", "transform"]
    main([])
    assert "2099-12-30 00:00:00 (in the future)" in capsys.readouterr().out


def test_resolved_rows_are_not_held_back(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row that has been delivered in good form since is not shown."""
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("update ops.quarantine set resolved_at = last_seen_at")
    main([])
    assert "nothing held back" in capsys.readouterr().out
