"""What projects declare of their roles: read, checked against one another, refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.config.roles import READER, Grant, keeper_of, read_databases, read_roles
from shared.errors import ConfigurationError
from shared.workspace.projects import read_project, writer_of

SALES = """
role = "sales"
command = "sell"
writes = ["shop"]
scratch = ["shop_work"]
[tool.platform.ops]
delivery = { select = ["target", "status"] }
quarantine = ["select", "insert"]
"""


def declare(root: Path, **projects: str) -> None:
    """Make projects that declare this."""
    for name, table in projects.items():
        folder = root / "projects" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pyproject.toml").write_text(f"[tool.platform]\n{table}")


def test_roles_are_what_projects_declare(tmp_path: Path) -> None:
    """Each project's role has what its pyproject.toml says, and the reader reads every layer, but no scratch schema."""
    declare(
        tmp_path,
        sales=SALES,
        audit='role = "audit"\nreads = ["shop"]',
        jobs='role = "jobs"\ndatabase = { name = "jobs", setting = "JOBS_URL" }',
        looking='command = "look"',
    )
    audit, sales, reader = read_roles(tmp_path)
    assert (audit.login, audit.reads, audit.writes) == ("platform_audit", ["shop"], [])
    assert (sales.writes, sales.scratch) == (["shop"], ["shop_work"])
    assert list(sales.grants) == [
        Grant(table="delivery", privilege="select", columns=["target", "status"]),
        Grant(table="quarantine", privilege="select"),
        Grant(table="quarantine", privilege="insert"),
    ]
    assert (reader.name, reader.reads) == (READER, ["shop"])
    ((database, login),) = read_databases(tmp_path)
    assert (database.name, database.setting, login) == ("jobs", "JOBS_URL", "platform_jobs")


def test_workspace_without_projects_has_a_reader(tmp_path: Path) -> None:
    """Where no project declares anything there is the reader, who reads nothing."""
    assert [(role.name, role.reads) for role in read_roles(tmp_path)] == [(READER, [])]


def test_hints_name_a_projects_command(tmp_path: Path) -> None:
    """How a layer or a project's data is made is told by the task that the project declares, else in words."""
    declare(tmp_path, sales=SALES, odd="")
    assert writer_of("shop", tmp_path) == "`./pixiw run sell`"
    assert writer_of("core", tmp_path) == "what writes `core`"
    assert read_project(tmp_path / "projects/sales").run("one") == "`./pixiw run sell one`"
    assert read_project(tmp_path / "projects/odd").run("one") == "a run of `odd`"


def test_keeper_of_a_table_is_who_enters_rows(tmp_path: Path) -> None:
    """The role that enters rows into a table of `ops` is found; where there is none, the error says what to declare."""
    declare(tmp_path, sales=SALES)
    assert keeper_of("quarantine", tmp_path) == "sales"
    with pytest.raises(ConfigurationError, match="no project declares that it enters rows into `ops"):
        keeper_of("delivery", tmp_path)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('role = "x\\"; drop schema raw; --"', "tool.platform.role"),
        ('role = "X"', "tool.platform.role"),
        ('role = "x"\nwrites = ["a b"]', "tool.platform.writes.0"),
        ('role = "x"\nwirtes = []', "tool.platform.wirtes"),
        ('role = "x"\n[tool.platform.ops]\ndelivery = ["truncate"]', "tool.platform.ops.delivery"),
        ('role = "x"\n[tool.platform.ops]\ndelivery = { select = [] }', "tool.platform.ops.delivery"),
        ('role = "x"\n[tool.platform.ops]\ndelivery = []', "tool.platform.ops.delivery"),
        ('role = "reader"', "the role is taken: `reader`"),
        ('role = "sales"', "the role is taken: `sales`"),
        ('role = "x"\nwrites = ["ops"]', "no project writes the schema: `ops`"),
        ('role = "x"\nscratch = ["pg_work"]', "no project writes the schema: `pg_work`"),
        ('role = "x"\nwrites = ["shop_work"]', "the schema is written already: `shop_work`"),
        ('role = "x"\nwrites = ["a"]\nscratch = ["a"]', "the schema is written already: `a`"),
        ('role = "x"\nreads = ["shop_work"]', "`x` reads what no project writes: `shop_work`"),
        ('reads = ["shop"]', "names no `role`"),
        ('role = "x"\nreads = ["shop"]\ndatabase = { name = "x", setting = "X" }', "a database of its own"),
        ("role = ", "cannot read"),
    ],
)
def test_declaration_that_cannot_be_used_is_refused_by_name(tmp_path: Path, table: str, said: str) -> None:
    """What is no declaration, or does not go with another project's, is an error that names file and place."""
    declare(tmp_path, sales=SALES, worse=table)
    with pytest.raises(ConfigurationError) as raised:
        read_roles(tmp_path)
    assert said in raised.value.message
    assert "projects" in f"{raised.value.message} {raised.value.hint}"
