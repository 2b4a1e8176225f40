"""Tables of master that are written by the hundred thousand rows: with a key in PostgreSQL, without one in DuckDB.

DuckDB looks after a key's index row by row: to delete and write the rows of a million entities anew takes several times
as long with keys as without. What a key would refuse is looked for where rows are published.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.warehouse import Warehouse, quote


class DuplicateKey(RuntimeError):
    """Rows of master have the same key: a resolution has gone wrong, and is not published."""


def make(warehouse: Warehouse, table: str, columns: Sequence[str], key: Sequence[str]) -> None:
    """Make a table where it is not there; rows stay. One of DuckDB that has a key is made anew without it.

    Args:
        warehouse: Where master is.
        table: Schema and name.
        columns: Each as SQL defines it, beginning with its name.
        key: Columns that tell rows apart.
    """
    if warehouse.engine != "duckdb":
        _create(warehouse, table, [*columns, f"primary key ({', '.join(key)})"])
        return
    schema, _, name = table.partition(".")
    keyed = [relation for relation in warehouse.relations(schema, name) if relation.key]
    if not keyed:
        _create(warehouse, table, columns)
        return
    needed = {column.split(" ")[0] for column in columns if column.endswith(" not null")}
    definitions = [
        f"{quote(field.name)} {field.type}{' not null' if field.name in needed else ''}" for field in keyed[0].fields
    ]
    kept = f"{table}_kept"
    warehouse.execute(f"create table {kept} as from {table}")
    warehouse.execute(f"drop table {table}")
    _create(warehouse, table, definitions)
    warehouse.execute(f"insert into {table} from {kept}")
    warehouse.execute(f"drop table {kept}")


def index(warehouse: Warehouse, table: str, name: str, columns: Sequence[str]) -> None:
    """Make an index of a table where it is not there; in DuckDB there is none.

    Args:
        warehouse: Where master is.
        table: Schema and name.
        name: The index's, which is in the table's schema.
        columns: What rows are looked for by.
    """
    if warehouse.engine == "duckdb":
        warehouse.execute(f"drop index if exists {table.partition('.')[0]}.{name}")
    else:
        warehouse.execute(f"create index if not exists {name} on {table} ({', '.join(columns)})")


def check(warehouse: Warehouse, table: str, key: Sequence[str], where: str = "") -> None:
    """Refuse rows with the same key, as the engine does where the table has one.

    Args:
        warehouse: Where master is.
        table: Schema and name.
        key: Columns that tell rows apart.
        where: Which rows are looked at, as SQL behind the table: all where empty.

    Raises:
        DuplicateKey: There are some.
    """
    if warehouse.engine == "duckdb" and warehouse.fetch(
        f"select 1 from {table}{where} group by {', '.join(key)} having count(*) > 1 limit 1"
    ):
        raise DuplicateKey(f"rows of `{table}` have the same {', '.join(key)}")


def _create(warehouse: Warehouse, table: str, definitions: Sequence[str]) -> None:
    warehouse.execute(f"create table if not exists {table} ({', '.join(definitions)})")
