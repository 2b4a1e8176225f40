"""dbt's manifest for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.command_line import command
from shared.dbt.results import BUILT
from transformation.cli import main
from transformation.layers import PROJECT_DIR


@pytest.mark.parametrize(
    ("url", "adapter"), [("duckdb:////nowhere/w.duckdb", "duckdb"), ("postgresql://127.0.0.1:1/none", "postgres")]
)
def test_manifest_needs_no_warehouse(
    url: str, adapter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`manifest` writes all models for the engine of WAREHOUSE_URL, which is not asked, and prints the file's path."""
    monkeypatch.setenv("WAREHOUSE_URL", url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    assert command(main, ["manifest"]) == 0
    printed = capsys.readouterr().out
    assert printed == f"{tmp_path / 'target' / 'manifest.json'}\n"
    manifest = json.loads(Path(printed.strip()).read_text(encoding="utf-8"))
    assert manifest["metadata"]["adapter_type"] == adapter
    models = [node for node in manifest["nodes"].values() if node["resource_type"] in BUILT]
    tables = {f"{model['schema']}.{model['alias']}" for model in models}
    assert {"staging.stg_pos__products", "core.fct_sales", "egress.customer_360"} <= tables
    files = {path.relative_to(PROJECT_DIR).as_posix() for path in PROJECT_DIR.glob("models/**/*.sql")}
    assert files <= {model["original_file_path"] for model in models}
    for model in models:
        assert model["description"]
        assert model["config"]["meta"]["owner"] == ("analytics" if model["schema"] == "egress" else "data-engineering")
    assert manifest["nodes"]["model.transformation.fct_sales"]["tags"] == ["core"]
