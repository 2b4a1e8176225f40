"""A copy of the labs with raw files of a test's own, loaded and built by the runner."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from labs.cli import main

from shared.command_line import command
from shared.config.labs import Lab, find_lab
from shared.config.settings import Settings
from shared.dbt.environment import environment_set
from shared.dbt.run import dbt_command_line

LABS = Path(__file__).resolve().parents[1]
# Old enough to count as whole.
LONG_AGO = (1_600_000_000, 1_600_000_000)
PARSED = Path("target", "partial_parse.msgpack")
# Of each lab, where dbt has left its project parsed: to parse it takes longer than to build it.
parsed: dict[str, Path] = {}


@dataclass(frozen=True)
class BuiltLab:
    """A lab in a copy of the labs, and the variables that its commands get besides."""

    lab: Lab
    environment: Mapping[str, str]

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        with duckdb.connect(str(self.lab.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def build(self) -> None:
        """Load and build the lab."""
        for path in self.lab.raw_dir.glob("*.csv"):
            os.utime(path, LONG_AGO)
        with environment_set(self.environment):
            assert command(main, [self.lab.name, "load", "transform"]) == 0

    def unit_test(self) -> str:
        """Run the lab's unit tests of dbt."""
        code, printed = dbt_here(self.lab.folder, "test", "--select", "test_type:unit", **self.environment)
        assert code == 0, printed
        return printed


def dbt_here(folder: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Run dbt in this process as by hand in a folder: a process of its own takes seconds until it begins.

    A lab's lock that it takes, it holds until this process ends.
    """
    printed = io.StringIO()
    with chdir(folder), environment_set(variables), redirect_stdout(printed), redirect_stderr(printed):
        code = dbt_command_line(["--no-use-colors", *arguments])
    return code, printed.getvalue()


def build_lab(folder: Path, name: str, write_raw: Callable[[Lab], None]) -> BuiltLab:
    """Copy the labs into a folder, have a lab's raw files written, and build it."""
    labs_dir = folder / "labs"
    kept_out = shutil.ignore_patterns("data", "target", "logs", "tests", "src", "__pycache__")
    shutil.copytree(LABS, labs_dir, ignore=kept_out)
    shutil.copytree(LABS / name / "tests", labs_dir / name / "tests")
    environment = {"LABS_DIR": str(labs_dir), "DATA_DIR": str(folder / "data"), "PIXI_ENVIRONMENT_NAME": "labs"}
    lab = find_lab(name, Settings(labs_dir=labs_dir))
    lab.raw_dir.mkdir(parents=True)
    write_raw(lab)
    if name in parsed:
        (lab.folder / PARSED).parent.mkdir()
        shutil.copyfile(parsed[name], lab.folder / PARSED)
    built = BuiltLab(lab, environment)
    built.build()
    parsed[name] = lab.folder / PARSED
    return built
