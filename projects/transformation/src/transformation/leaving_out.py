"""What a build does without: raw tables that nobody has loaded and that are not required, and what reads them."""

from __future__ import annotations

from collections.abc import Mapping

from shared.dbt.graph import Graph
from shared.errors import InputError
from shared.monitoring import Run
from transformation.layers import Scope, absent_tables, selection


def leave_out(
    run: Run, scope: Scope, select: list[str], exclude: list[str], environment: Mapping[str, str]
) -> list[str]:
    """Note and show what a build does without, and return the selectors that dbt has to exclude for it.

    Raises:
        InputError: Nothing is left of what is selected.
    """
    absent = absent_tables(run.warehouse)
    if not select and scope != "egress":
        for table in absent:
            if table.read_as_empty:
                run.leave_out(table.relation, "not loaded, read as empty")
    lacking = [table.relation for table in absent if not table.read_as_empty]
    # dbt reads the project for it, which takes a moment.
    return _exclude(run, lacking, selection(scope, select, exclude), environment) if lacking else []


def _exclude(run: Run, lacking: list[str], chosen: list[str], environment: Mapping[str, str]) -> list[str]:
    graph = Graph(environment)
    wanted = graph.chosen(chosen)
    below = {relation: found for relation in lacking if (found := graph.below(relation) & wanted)}
    if wanted and wanted <= set().union(*below.values()):
        names = ", ".join(f"`{relation}`" for relation in below)
        raise InputError(
            f"not loaded: {names}, which all that is selected reads", hint="run `./pixiw run ingest` first"
        )
    for relation, found in below.items():
        run.leave_out(relation, "not loaded")
        for name in graph.relations(found):
            run.leave_out(name, f"`{relation}` is not loaded")
    return [f"source:{relation}+" for relation in below]
