"""Compare what this project has built in two warehouses: the same raw rows give the same models on every engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from shared.config import Settings
from shared.dbt.environment import dbt_environment
from shared.dbt.graph import Graph
from shared.errors import InputError, PlatformError
from shared.utils.console import say
from shared.warehouse import Warehouse, open_warehouse
from transformation.comparison import Outcome, compare_relation
from transformation.layers import BUILT_LAYERS, PROJECT_DIR, RAW_SOURCES, ROLE, declared_keys, source_tables

SHOWN_DIFFERENCES = 10
# Columns that say when a row was loaded, so that no two warehouses agree in them.
DATING = ("load_id", "loaded_at", "dbt_*", "valid_from", "valid_to")


class WarehousesDiffer(PlatformError):
    """Two warehouses do not hold the same rows."""

    code = "warehouses_differ"


def compare(settings: Settings, urls: Sequence[str], *, relations: Sequence[str], ignore: Sequence[str]) -> None:
    """Compare two warehouses and tell what differs.

    Args:
        settings: Everything but the URL.
        urls: The two warehouses, in the form of WAREHOUSE_URL.
        relations: Patterns of `schema.table`; all that this project builds where empty.
        ignore: Patterns of the names of columns to leave out.

    Raises:
        InputError: There is nothing to compare.
        WarehousesDiffer: Something differs.
    """
    left, right = (settings.model_copy(update={"warehouse_url": url}) for url in urls)
    with (
        open_warehouse(left, holder="compare", role=ROLE) as ours,
        open_warehouse(right, holder="compare", role=ROLE) as theirs,
    ):
        say(f"left: {ours.location}, right: {theirs.location}")
        if ignore:
            say(f"without the columns {', '.join(ignore)}; `--ignore` names others, or none")
        uneven = uneven_relations(left, ours, theirs)
        outcomes, set_aside = [], 0
        for outcome in compare_warehouses(ours, theirs, relations=relations, ignore=ignore):
            why = uneven.get(outcome.relation, "") if outcome.count else ""
            print_outcome(outcome, why)
            set_aside += bool(why)
            outcomes += [] if why else [outcome]
    if not outcomes:
        raise InputError("no relation to compare", hint="build both warehouses first, or correct the patterns")
    differing = [outcome.relation for outcome in outcomes if outcome.count]
    if differing:
        raise WarehousesDiffer(
            f"{len(differing)} of {len(outcomes)} relations differ: {', '.join(f'`{name}`' for name in differing)}",
            hint="look at the first one: those after it may differ because of it; `--ignore` leaves columns out",
        )
    others = f"; {set_aside} not compared, as their source is loaded on one side only" if set_aside else ""
    say(f"all {len(outcomes)} relations are equal{others}")


def uneven_relations(settings: Settings, left: Warehouse, right: Warehouse) -> Mapping[str, str]:
    """Return what is made of raw tables that only one side has, each with which; required ones do not count."""
    uneven: dict[str, str] = {}
    for table in source_tables(RAW_SOURCES):
        there = [warehouse.table_exists(table.relation) for warehouse in (left, right)]
        if there[0] != there[1] and not table.required:
            uneven[table.relation] = f"`{table.relation}` is loaded on the {'left' if there[0] else 'right'} only"
    if not uneven:
        return {}
    graph = Graph(dbt_environment(settings, PROJECT_DIR, ROLE))
    return {name: why for relation, why in uneven.items() for name in graph.relations(graph.below(relation))}


def compare_warehouses(
    left: Warehouse, right: Warehouse, *, relations: Sequence[str] = (), ignore: Sequence[str] = ()
) -> Iterator[Outcome]:
    """Compare every relation that this project has built in either warehouse; arguments as in `compare`."""

    def ignored(column: str) -> bool:
        return any(fnmatchcase(column, pattern) for pattern in ignore)

    keys = declared_keys()
    for layer in BUILT_LAYERS:
        for name in sorted({*left.tables(layer), *right.tables(layer)}):
            relation = f"{layer}.{name}"
            if not relations or any(fnmatchcase(relation, pattern) for pattern in relations):
                yield compare_relation(
                    left, right, relation, key=keys.get(name, ()), ignored=ignored, shown=SHOWN_DIFFERENCES
                )


def print_outcome(outcome: Outcome, set_aside: str) -> None:
    """Tell what came of a relation; `set_aside` is why its differences are none."""
    if set_aside:
        say(f"  – {outcome.relation:<40} not compared: {set_aside}")
        return
    if not outcome.count:
        say(f"  ✓ {outcome.relation:<40} {outcome.left_rows:>10,} rows")
        return
    say(f"  ✗ {outcome.relation:<40} {outcome.left_rows:>10,} | {outcome.right_rows:,} rows, {outcome.count:,} differ")
    for difference in outcome.differences:
        say(f"      {difference}")
