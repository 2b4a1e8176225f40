"""Small warehouses on both engines, with rows in everything that the reports read, and the command that builds them."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reporting.cli import main
from reporting.project import PROJECT_DIR
from shared.command_line import command
from shared.config import Settings
from shared.dbt.environment import environment_set
from shared.warehouse import Mode, Role, Warehouse, open_warehouse

SOURCES = Path(__file__).with_name("sources.sql")


@dataclass
class Platform:
    """A warehouse, and the commands that work on it.

    Attributes:
        engine: `duckdb` or `postgres`.
        folder: Where logs and dbt's files go.
        url: Where the warehouse is.
        more: Variables that the commands find in their environment.
    """

    engine: str
    folder: Path
    url: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the commands find."""
        return {
            "PIXI_PROJECT_ROOT": str(PROJECT_DIR.parents[1]),
            "DATA_DIR": str(self.folder),
            "WAREHOUSE_URL": self.url,
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            **self.more,
        }

    @property
    def settings(self) -> Settings:
        """The settings that the commands work with."""
        return Settings(data_dir=self.folder, warehouse_url=self.url)

    def open(self, role: Role = "reporting", mode: Mode = "read") -> Warehouse:
        """Open the warehouse as a project does."""
        with environment_set(self.environment):
            return open_warehouse(self.settings, holder="tests", role=role, mode=mode)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what reporting reads."""
        with self.open() as warehouse:
            return warehouse.fetch(sql)

    def fill(self) -> None:
        """Make what the reports read, each table by who owns it."""
        for part in SOURCES.read_text(encoding="utf-8").split("-- as ")[1:]:
            role, _, statements = part.partition("\n")
            with self.open(role.strip(), "write") as warehouse:
                for statement in statements.split(";\n"):
                    if statement.strip():
                        warehouse.execute(statement)

    def report(self, *arguments: str) -> tuple[int, str]:
        """Run `python -m reporting`, and return its exit code and all that it said."""
        said = io.StringIO()
        with environment_set(self.environment), redirect_stderr(said), redirect_stdout(said):
            code = command(main, arguments)
        return code, said.getvalue()
