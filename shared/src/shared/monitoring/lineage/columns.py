"""Which columns of its inputs each column of a query's result comes from, as far as sqlglot can tell for sure."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from importlib.util import find_spec

from shared.monitoring.lineage.facts import Columns, Output, Table
from shared.monitoring.lineage.origin import Dataset

# The environments whose commands run dbt have it; the others make nothing by a query that they tell.
HAS_SQLGLOT = find_spec("sqlglot") is not None
# Characters; looking into a query takes more than its length's share of time.
LONGEST_QUERY = 100_000


def columns_of(output: Output, deadline: float) -> Columns:
    """Return where the columns of an output come from; nothing where that cannot be told.

    Args:
        deadline: By this thread's processor time, the moment from which on no query is looked into.
    """
    if output.query is None or not HAS_SQLGLOT or time.thread_time() > deadline:
        return output.columns
    sql, dialect = output.query
    if len(sql) > LONGEST_QUERY:
        return {}
    try:
        return of_query(sql, dialect, output.inputs)
    except Exception:
        # A query that it does not understand is no failure: nothing is said of its columns.
        return {}


def of_query(sql: str, dialect: str, inputs: Mapping[str, Table]) -> Columns:
    """Return the columns of the inputs that each column of a query's result is computed from.

    Raises:
        sqlglot.errors.SqlglotError: It cannot be parsed, or a column's table cannot be found.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for relation, table in inputs.items():
        place, _, name = relation.partition(".")
        if not table.fields:
            continue
        # The types do not matter here, and each engine has some that sqlglot does not know.
        schema.setdefault(place, {})[name] = dict.fromkeys((field for field, _ in table.fields), "text")
    query = sqlglot.parse_one(sql, dialect=dialect)
    for read in query.find_all(exp.Table):
        read.set("catalog", None)
    query = qualify(query, schema=schema, dialect=dialect)
    scope = build_scope(query)
    found: dict[str, tuple[tuple[Dataset, str], ...]] = {}
    for column in query.named_selects:
        leaves = lineage(column, query, schema=schema, dialect=dialect, scope=scope, copy=False).walk()
        sources = {
            (inputs[relation].dataset, source): None
            for leaf in leaves
            if isinstance(leaf.source, exp.Table)
            and (relation := f"{leaf.source.db}.{leaf.source.name}") in inputs
            and (source := leaf.name.rpartition(".")[2].strip('"')) in inputs[relation].names
        }
        if sources:
            found[column] = tuple(sources)
    return found
