"""Hold our dashboards' linter against Lightdash's schemas, and our site of reports against Evidence.

    ./pixiw run -e reporting python benchmarks/trials/dashboards.py

Linters: faults put into a copy of the project's dashboards one by one; the schemas are what Lightdash gives to be had
without its own command line tool. Site: from nothing to pages, of a small warehouse; Evidence comes from npm.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import trial
import yaml
from dashboard_faults import FAULTS
from jsonschema import Draft7Validator

from reporting.explores import explores_of
from reporting.lint import lint
from reporting.manifest import model_nodes
from reporting.project import DASHBOARDS_DIR, PROJECT_DIR
from shared.config import get_settings

# What the tests of reporting make their small warehouse with.
sys.path.append(str(PROJECT_DIR / "tests"))
from platforms import Platform

EVIDENCE = {
    "@evidence-dev/evidence": "40.1.8",
    "@evidence-dev/duckdb": "2.0.1",
    "@evidence-dev/core-components": "5.4.2",
}
PAGE = "# Sales\n\n```sql by_day\nselect day, amount from wh.sales\n```\n\n<LineChart data={by_day} x=day y=amount/>\n"
CONFIG = (
    'plugins:\n  components:\n    "@evidence-dev/core-components": {}\n  datasources:\n    "@evidence-dev/duckdb": {}\n'
)
# It may wait for a server without an end.
EVIDENCE_SECONDS = 120.0
Linter = Callable[[Path], list[str]]


def main() -> None:
    """Lint, build, and write the result."""
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        linters = {"ours": ours(), "schemas_alone": by_schemas}
        result: dict[str, Any] = {"linters": {name: found_by(one, Path(folder, name)) for name, one in linters.items()}}
        print({name: one["counts"] for name, one in result["linters"].items()}, flush=True)
        result["site"] = {"ours": our_site(Path(folder, "page")), "evidence": evidence(Path(folder, "evidence"))}
    print(json.dumps(result["site"], indent=1))
    trial.write("dashboards", {"faults": len(FAULTS), **result})


def ours() -> Linter:
    """Return the project's linter."""
    explores = explores_of(model_nodes(get_settings()))
    return lambda folder: [finding.message for finding in lint(folder, explores).findings]


def by_schemas(folder: Path) -> list[str]:
    """Return what is wrong by Lightdash's schemas."""
    found = []
    for kind in ("chart", "dashboard"):
        schema = Draft7Validator(json.loads((PROJECT_DIR / f"schemas/{kind}-as-code-1.0.json").read_text()))
        for path in sorted(folder.glob(f"{kind}s/*.yml")):
            content = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))
            found += [error.message for error in schema.iter_errors(content)]
    return found


def found_by(linter: Linter, scratch: Path) -> dict[str, Any]:
    """Put each fault into a copy of the dashboards, and return which a linter finds and what it says."""
    said: dict[str, str] = {}
    begun = time.perf_counter()
    sound = linter(DASHBOARDS_DIR)
    seconds = round(time.perf_counter() - begun, 3)
    for number, fault in enumerate(FAULTS):
        folder = scratch / str(number)
        shutil.copytree(DASHBOARDS_DIR, folder)
        path = folder / fault.file
        content = yaml.safe_load(path.read_text())
        fault.put(content)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        said[fault.name] = next(iter(linter(folder)), "missed")[:160]
    missed = sum(one == "missed" for one in said.values())
    counts = {"found": len(FAULTS) - missed, "missed": missed, "false alarms": len(sound)}
    return {"seconds": seconds, "counts": counts, "said": said}


def our_site(folder: Path) -> dict[str, Any]:
    """Fill a small warehouse, and return what it takes to make the page of all dashboards from it."""
    folder.mkdir()
    platform = Platform("duckdb", folder, f"duckdb:///{folder}/warehouse.duckdb")
    platform.fill()
    begun = time.perf_counter()
    code, said = platform.report("report")
    seconds = round(time.perf_counter() - begun, 1)
    page = folder / "reports" / "index.html"
    ended = "a page that opens from the file" if code == 0 and page.is_file() else said[-200:]
    size = round(page.stat().st_size / 2**20, 1) if page.is_file() else None
    return {"ended": ended, "seconds": seconds, "page_mib": size, "files": len(list(page.parent.glob("**/*")))}


def evidence(folder: Path) -> dict[str, Any]:
    """Install Evidence, let it read a small DuckDB file, and build; say where it ends."""
    (folder / "sources/wh").mkdir(parents=True)
    (folder / "pages").mkdir()
    package = {"name": "trial", "version": "0.0.1", "private": True, "type": "module", "dependencies": EVIDENCE}
    connection = {"name": "wh", "type": "duckdb", "options": {"filename": "sales.duckdb"}}
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "evidence.config.yaml").write_text(CONFIG)
    (folder / "pages/index.md").write_text(PAGE)
    (folder / "sources/wh/connection.yaml").write_text(json.dumps(connection))
    (folder / "sources/wh/sales.sql").write_text("select day, amount from sales")
    with duckdb.connect(str(folder / "sources/wh/sales.duckdb")) as database:
        database.execute(
            "create table sales as select date '2024-01-01' + i::int as day, i * 1.0 as amount from range(300) t(i)"
        )
    told: dict[str, Any] = {"versions": EVIDENCE, "steps": []}
    for line in (
        # Its own template names versions that npm refuses to put together otherwise.
        ["npm", "install", "--no-audit", "--no-fund", "--legacy-peer-deps"],
        ["npx", "evidence", "sources"],
        ["npx", "evidence", "build"],
    ):
        step = step_of(line, folder)
        told["steps"].append(step)
        if line[0] == "npm":
            told["installed_mib"] = sum(path.lstat().st_size for path in folder.glob("node_modules/**/*")) >> 20
        if step["exit"] != 0:
            break
    return told


def step_of(line: list[str], folder: Path) -> dict[str, Any]:
    """Run a step of Evidence's, for no longer than it is given, and return how it ended."""
    begun = time.perf_counter()
    bound = trial.SECONDS if line[0] == "npm" else EVIDENCE_SECONDS
    with subprocess.Popen(
        line,
        cwd=folder,
        env={**os.environ, "SEND_ANONYMOUS_USAGE_STATS": "no"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as child:
        try:
            output, code = child.communicate(timeout=bound)[0], child.returncode
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            output, code = child.communicate(timeout=bound)[0], None
    seconds = round(time.perf_counter() - begun, 1)
    ended = "ended" if code is not None else f"had not ended after {bound:.0f} s"
    return {
        "command": " ".join(line),
        "seconds": seconds,
        "exit": code,
        "ended": ended,
        "said": " ".join(output.split()[-25:]),
    }


if __name__ == "__main__":
    main()
