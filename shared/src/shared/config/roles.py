"""Who may do what in a warehouse on a PostgreSQL server: what projects declare in `[tool.platform]` of their pyproject.

    [tool.platform]
    role = "sales"                    # logs in as `platform_sales`
    replay = "replay-sales"           # the task that tries rows again which it has put into quarantine, by their ids
    writes = ["shop"]                 # layers: it makes their tables, and whoever reads everything reads them
    scratch = ["shop_work"]           # schemas of its own, which nobody else reads
    reads = ["core"]                  # layers of others
    languages = ["plpgsql"]           # it runs `do` blocks; by "sql" makes functions, which nobody else may call

    [tool.platform.ops]               # tables of `ops`, besides those in which every role enters its runs
    quarantine = ["select", "insert", "update"]
    delivery = { select = ["target", "status"] }    # these columns alone

A role with a `database` of its own, beside the warehouse, gets into that alone: `{ name = "…", setting = "…_URL" }`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.errors import ConfigurationError
from shared.workspace.projects import PYPROJECT, WORKSPACE, read_projects

LOGIN_PREFIX = "platform_"
READER = "reader"
"""The role of people and programs that only look: it reads every layer and every table of `ops`."""
RESERVED = frozenset({READER, "admin"})
PLATFORMS_OWN = frozenset({"ops", "public", "information_schema"})

# What is not in the form of these could not be told from SQL in a message; it is quoted all the same.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Privilege = Literal["select", "insert", "update", "delete"]
Language = Literal["sql", "plpgsql"]
Privileges = Annotated[list[Privilege], Field(min_length=1)]
Columns = Annotated[dict[Literal["select"], Annotated[list[Name], Field(min_length=1)]], Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnDatabase(_Table):
    """A database beside the warehouse: its name, and the setting that takes its URL."""

    name: Name
    setting: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]


class Grant(_Table):
    """A privilege on a table of `ops`, or on these columns of it alone."""

    table: str
    privilege: Privilege
    columns: list[str] = []


class RoleDeclaration(_Table):
    """What a project declares of its role; without a role, a project only looks."""

    role: Name | None = None
    command: str | None = None
    replay: str | None = None
    writes: list[Name] = []
    scratch: list[Name] = []
    reads: list[Name] = []
    languages: list[Language] = []
    ops: dict[Name, Privileges | Columns] = {}
    database: OwnDatabase | None = None

    @property
    def name(self) -> str:
        """Whose part of the work it is, as `open_warehouse` takes it."""
        return self.role or READER

    @property
    def login(self) -> str:
        """The PostgreSQL role that it connects as."""
        return login_of(self.name)

    @property
    def grants(self) -> Iterator[Grant]:
        """What it may do with tables of `ops`."""
        for table, privileges in self.ops.items():
            if isinstance(privileges, dict):
                yield from (Grant(table=table, privilege=each, columns=names) for each, names in privileges.items())
            else:
                yield from (Grant(table=table, privilege=each) for each in privileges)

    def as_record(self) -> dict[str, Any]:
        """Return it as the SQL in `infra/postgres` reads it."""
        return {
            "login": self.login,
            "reader": self.role is None,
            **self.model_dump(include={"role", "command", "writes", "scratch", "reads", "languages"}),
            "grants": [grant.model_dump() for grant in self.grants],
        }


def login_of(role: str) -> str:
    """Return the PostgreSQL role that a part of the work connects as."""
    return LOGIN_PREFIX + role


def read_roles(root: Path = WORKSPACE) -> list[RoleDeclaration]:
    """Return the roles that get into the warehouse: those that projects declare, and the reader.

    Raises:
        ConfigurationError: A declaration cannot be used, or two do not go together.
    """
    declared = [role for role in _declared(root) if not role.database]
    return [*declared, RoleDeclaration(reads=[layer for role in declared for layer in role.writes])]


def read_databases(root: Path = WORKSPACE) -> list[tuple[OwnDatabase, str]]:
    """Return the databases that projects have beside the warehouse, each with the login that gets in there alone.

    Raises:
        ConfigurationError: As of `read_roles`.
    """
    return [(role.database, role.login) for role in _declared(root) if role.database]


def keeper_of(table: str, root: Path = WORKSPACE) -> str:
    """Return the role that enters rows into a table of `ops`, other than those into which every role does.

    Raises:
        ConfigurationError: No project declares that it does; or as of `read_roles`.
    """
    for role in read_roles(root):
        if any(grant.table == table and grant.privilege == "insert" for grant in role.grants):
            return role.name
    raise ConfigurationError(
        f"no project declares that it enters rows into `ops.{table}`",
        hint=f'write `{table} = ["select", "insert", "update"]` under [tool.platform.ops] of the {PYPROJECT} of one',
    )


def _declared(root: Path) -> list[RoleDeclaration]:
    roles: list[RoleDeclaration] = []
    for project in read_projects(root):
        path = project.folder / PYPROJECT
        try:
            role = RoleDeclaration.model_validate(project.platform)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(["tool.platform", *(str(part) for part in first["loc"])])
            raise _unusable(f"{place}: {first['msg'].lower()}", path) from error
        problem = _problem(role, roles)
        if problem:
            raise _unusable(problem, path)
        if role.role:
            roles.append(role)
    layers = {layer for role in roles for layer in role.writes}
    for role in roles:
        if unknown := [layer for layer in role.reads if layer not in layers]:
            raise _unusable(f"`{role.name}` reads what no project writes: `{unknown[0]}`", root / "projects")
    return roles


def _problem(role: RoleDeclaration, others: Sequence[RoleDeclaration]) -> str | None:
    own = [*role.writes, *role.scratch]
    used = own or role.reads or role.languages or role.ops
    taken = [schema for other in others for schema in (*other.writes, *other.scratch)]
    if role.role is None:
        return "it writes or reads, and names no `role`" if used or role.database else None
    if role.role in RESERVED or role.role in [other.role for other in others]:
        return f"the role is taken: `{role.role}`"
    if role.database and used:
        return f"`{role.role}` has a database of its own, and gets into no layer"
    for at, schema in enumerate(own):
        if schema in PLATFORMS_OWN or schema.startswith("pg_"):
            return f"no project writes the schema: `{schema}`"
        if schema in [*taken, *own[:at]]:
            return f"the schema is written already: `{schema}`"
    return None


def _unusable(problem: str, path: Path) -> ConfigurationError:
    return ConfigurationError(f"the declaration of a role cannot be used, {problem}", hint=f"correct `{path}`")


if __name__ == "__main__":
    # For whoever runs the SQL by hand.
    print(json.dumps([role.as_record() for role in read_roles()]))
