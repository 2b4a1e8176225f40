"""What tests of `new-source` do: call it, take the module that it has written, load it, and run its staging models."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import jinja2
import yaml
from conftest import Project

from ingress.new.command import SOURCES, STAGING
from ingress.source import Source
from shared.config import get_settings
from shared.warehouse import open_warehouse

numbers = count(1)


@dataclass
class Made:
    """A source that was made in a project folder of a test's own."""

    project: Project
    name: str
    said: str

    @property
    def source(self) -> Source:
        """The source, of the module as it was written."""
        path = self.project.root / SOURCES / f"{self.name}.py"
        spec = importlib.util.spec_from_file_location(f"made_{next(numbers)}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        source: Source = module.SOURCE
        return source

    @property
    def text(self) -> str:
        """The module."""
        return (self.project.root / SOURCES / f"{self.name}.py").read_text()

    def load(self) -> dict[str, int]:
        """Load the source; return how many rows each of its tables has, and make sure that none is bad."""
        source = self.source
        self.project.load_source(source)
        assert self.project.fetch("select resource, reason from ops.quarantine") == []
        return {
            each.name: self.project.fetch(f"select count(*) from {each.relation}")[0][0] for each in source.resources
        }

    def staged(self) -> dict[str, list[dict[str, Any]]]:
        """Run the staging models as dbt would, hold them to what their YAML says, and return their rows."""
        found = {}
        for path in sorted((self.project.root / STAGING / self.name).glob("stg_*.sql")):
            sql = jinja2.Template(path.read_text()).render(
                source=lambda schema, table: f"{schema}.{table}", load_time=str, alive=lambda relation: "1 = 1"
            )
            (said,) = yaml.safe_load(path.with_suffix(".yml").read_text())["models"]
            with open_warehouse(get_settings(), holder="test") as warehouse:
                columns = [column["name"] for column in said["columns"]]
                chosen = ", ".join(f'"{column}"' for column in columns)
                rows = warehouse.fetch(f"select {chosen} from ({sql}) as staged")
            assert said["name"] == path.stem
            found[path.stem] = [dict(zip(columns, row, strict=True)) for row in rows]
        return found


def new_source(project: Project, name: str, *arguments: str) -> Made:
    """Make a source, which must succeed."""
    code, said = project.ingress("new", name, *arguments)
    assert code == 0, said
    return Made(project, name, said)


def everything(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder that git would see."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if not {".pixi", "data"} & set(path.relative_to(folder).parts)
    }
