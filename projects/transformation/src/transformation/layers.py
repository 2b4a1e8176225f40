"""Which dbt nodes make up which layers, and what must be there before they can be built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from shared.errors import InputError
from shared.utils.yaml_file import read_yaml
from shared.warehouse import Role, Warehouse

# Whose part of the work this project does, on an engine that knows roles.
ROLE: Role = "transformation"
PROJECT_DIR = Path(__file__).parents[2]
RAW_SOURCES = PROJECT_DIR / "models/ingress/staging"
MASTER_SOURCES = PROJECT_DIR / "models/egress/denormalized/_master__sources.yml"

# The schemas that this project writes, in the order in which data passes through them.
BUILT_LAYERS = ("staging", "core", "egress")

Scope = Literal["all", "core", "egress"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
# The tables of core that every egress model comes from in the end.
EGRESS_NEEDS = ("core.dim_customer", "core.fct_sales")


@dataclass(frozen=True)
class SourceTable:
    """A table that is declared as a source.

    Attributes:
        relation: `raw.crm_customers`.
        required: Whether nothing is built without it; else what reads it is left out where it is not there.
        read_as_empty: Whether what reads it is built without it too, as if it had no rows (`source_or_empty`).
    """

    relation: str
    required: bool = False
    read_as_empty: bool = False


def buildable_scope(warehouse: Warehouse, wanted: Scope) -> Scope:
    """Return the scope that can be built now: `all` shrinks to `core` until entity resolution has run once.

    Raises:
        InputError: Tables that the scope reads are not there; the hint names the command that makes them.
    """
    if wanted != "egress":
        require(warehouse, required_tables(RAW_SOURCES), "run `./pixiw run ingest` first, it loads the raw layer")
    if wanted != "core":
        missing_master = missing(warehouse, required_tables(MASTER_SOURCES))
        if wanted == "all" and missing_master:
            return "core"
    if wanted == "egress":
        require(warehouse, EGRESS_NEEDS, "run `./pixiw run transform-core` first, it builds the core layer")
        require(
            warehouse, required_tables(MASTER_SOURCES), "run `./pixiw run resolve` first, it makes the master layer"
        )
    return wanted


def selection(scope: Scope, select: list[str], exclude: list[str]) -> list[str]:
    """Return dbt's arguments for the nodes of a scope, or for what `select` picks of it. A scope is a tag."""
    # Several selectors in one argument are several to dbt too.
    wanted = " ".join(select).split()
    if scope != "all":
        wanted = [f"{selector},tag:{scope}" for selector in wanted or ["*"]]
    return [*(["--select", *wanted] if wanted else []), *(["--exclude", *exclude] if exclude else [])]


def source_tables(definition: Path) -> Iterator[SourceTable]:
    """Yield the tables that a dbt sources file declares, or all of a folder, each with what its `meta` says of it."""
    files = sorted(definition.rglob("*__sources.yml")) if definition.is_dir() else [definition]
    declared = [source for file in files for source in read_yaml(file)["sources"]]
    for source in declared:
        for table in source["tables"]:
            meta = table.get("config", {}).get("meta", {})
            yield SourceTable(
                f"{source['schema']}.{table['name']}",
                required=bool(meta.get("required")),
                read_as_empty=bool(meta.get("read_as_empty")),
            )


def required_tables(definition: Path) -> list[str]:
    """Return `schema.table` of each table that a dbt sources file, or one of a folder, declares as required."""
    return [table.relation for table in source_tables(definition) if table.required]


def absent_tables(warehouse: Warehouse) -> list[SourceTable]:
    """Return the raw tables that are not required and that nobody has loaded."""
    optional = [table for table in source_tables(RAW_SOURCES) if not table.required]
    absent = missing(warehouse, [table.relation for table in optional])
    return [table for table in optional if table.relation in absent]


def missing(warehouse: Warehouse, tables: Sequence[str]) -> list[str]:
    """Return those of `tables` that the warehouse does not have."""
    return [table for table in tables if not warehouse.table_exists(table)]


def require(warehouse: Warehouse, tables: Sequence[str], hint: str) -> None:
    """Raise InputError with `hint` unless the warehouse has all `tables`."""
    absent = missing(warehouse, tables)
    if absent:
        names = ", ".join(f"`{table}`" for table in absent)
        raise InputError(f"the warehouse lacks what this step reads: {names}", hint=hint)


def declared_keys() -> dict[str, list[str]]:
    """Return the columns that identify a row of each model, seed and snapshot, as far as their YAML files tell."""
    keys: dict[str, list[str]] = {}
    for file in sorted([*PROJECT_DIR.glob("models/**/*.yml"), *PROJECT_DIR.glob("seeds/*.yml")]):
        content = read_yaml(file)
        for model in [*content.get("models", []), *content.get("seeds", [])]:
            keys[model["name"]] = key_of_model(model)
    for file in sorted(PROJECT_DIR.glob("snapshots/*.yml")):
        for snapshot in read_yaml(file)["snapshots"]:
            keys[snapshot["name"]] = [snapshot["config"]["unique_key"], "dbt_valid_from"]
    return keys


def key_of_model(model: dict[str, Any]) -> list[str]:
    """Return the columns whose uniqueness a model's data tests assert, or that its `meta` names as its key."""
    for test in model.get("data_tests", []):
        if "unique_combination" in test:
            return list(test["unique_combination"]["arguments"]["columns"])
    named = model.get("config", {}).get("meta", {}).get("key", [])
    return [*named] or [column["name"] for column in model["columns"] if "unique" in column.get("data_tests", [])][:1]
