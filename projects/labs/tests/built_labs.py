"""A copy of the labs with raw files of a test's own, loaded and built by the runner."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from shared.config.labs import Lab, find_lab
from shared.config.settings import Settings

LABS = Path(__file__).resolve().parents[1]
# Old enough to count as whole.
LONG_AGO = (1_600_000_000, 1_600_000_000)


@dataclass(frozen=True)
class BuiltLab:
    """A lab in a copy of the labs, and the variables that its commands get."""

    lab: Lab
    environment: Mapping[str, str]

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        with duckdb.connect(str(self.lab.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def run(self, *command: str) -> str:
        """Run a command in the lab's folder, which must succeed, and return what it printed."""
        done = subprocess.run(
            command, cwd=self.lab.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def build(self) -> None:
        """Load and build the lab."""
        for path in self.lab.raw_dir.glob("*.csv"):
            os.utime(path, LONG_AGO)
        self.run(sys.executable, "-m", "labs", self.lab.name, "load", "transform")

    def unit_test(self) -> str:
        """Run the lab's unit tests of dbt."""
        dbt = Path(sys.executable).with_name("dbt")
        return self.run(str(dbt), "test", "--select", "test_type:unit", "--no-use-colors")


def build_lab(folder: Path, name: str, write_raw: Callable[[Lab], None]) -> BuiltLab:
    """Copy the labs into a folder, have a lab's raw files written, and build it."""
    labs_dir = folder / "labs"
    kept_out = shutil.ignore_patterns("data", "target", "logs", "tests", "src", "__pycache__")
    shutil.copytree(LABS, labs_dir, ignore=kept_out)
    shutil.copytree(LABS / name / "tests", labs_dir / name / "tests")
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("ALERT_", "DBT_", "WAREHOUSE_", "LAB_"))
    }
    own = {"LABS_DIR": str(labs_dir), "DATA_DIR": str(folder / "data"), "PIXI_ENVIRONMENT_NAME": "labs"}
    lab = find_lab(name, Settings(labs_dir=labs_dir))
    lab.raw_dir.mkdir(parents=True)
    write_raw(lab)
    built = BuiltLab(lab, {"PIXI_PROJECT_ROOT": str(LABS.parents[1]), **kept, **own})
    built.build()
    return built
