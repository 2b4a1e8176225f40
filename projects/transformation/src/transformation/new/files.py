"""The two files of a model: SQL, and YAML with contract and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.new.names import safe, yaml_name
from transformation.new.columns import Column

# A layer's folder for what `new-model` makes; whoever knows better moves the files.
FOLDERS = {"core": "core/dimensions", "egress": "egress/reverse_etl"}


@dataclass(frozen=True)
class NewModel:
    """A model to be written.

    Attributes:
        layer: `core` or `egress`.
        relations: What it is made of, `schema.table`; the first one's rows are its rows.
        joins: By which column each of the others is found.
        key: The column that identifies a row.
        columns: In their order.
        undeclared: Those of the relations that dbt has not been told of as sources.
    """

    name: str
    layer: str
    relations: Sequence[str]
    joins: Mapping[str, str]
    key: str
    columns: Sequence[Column]
    undeclared: Sequence[str]

    @property
    def sql(self) -> str:
        """The query."""
        first, *others = self.relations
        lines = []
        for relation in self.relations:
            start = "with " if relation == first else ""
            lines += [f"{start}{table_of(relation)} as (", "", f"    select * from {{{{ {referred(relation)} }}}}", ""]
            lines += ["),", ""]
        lines += ["selected as (", "", "    select"]
        lines.append(",\n".join(f"        {self._selected(column)}" for column in self.columns))
        lines.append(f"    from {table_of(first)}")
        for relation in others:
            table, by = table_of(relation), safe(self.joins[relation])
            lines.append(f"    left join {table} on {table_of(first)}.{by} = {table}.{by}")
        return "\n".join([*lines, "", ")", "", "select * from selected", ""])

    def _selected(self, column: Column) -> str:
        name = safe(column.name)
        whole = f"{table_of(column.relation)}.{name}" if len(self.relations) > 1 else name
        return f"cast({whole} as {column.type}) as {name}" if column.is_cast else whole

    @property
    def yaml(self) -> str:
        """What is said and tested of it."""
        lines = []
        if self.undeclared:
            lines += ["sources:", "  - name: master", "    schema: master", "    tables:"]
            for relation in self.undeclared:
                table = table_of(relation)
                lines += [f"      - name: {table}", f"        description: {worded(table)}, as master has it."]
        lines += ["models:", f"  - name: {safe(self.name)}"]
        lines += [f"    description: Rows of {' with '.join(self.relations)}. A first declaration, to be corrected."]
        if self.layer == "core":
            lines += ["    config:", "      contract:", "        enforced: true"]
        lines.append("    columns:")
        for column in self.columns:
            lines += [f"      - name: {yaml_name(column.name)}", f"        description: {worded(column.name)}."]
            lines.append(f"        data_type: {column.type}")
            if column.name == self.key:
                lines += ["        constraints:", "          - type: not_null"]
                lines += ["        data_tests:", "          - not_null", "          - unique"]
        return "\n".join(lines) + "\n"


def table_of(relation: str) -> str:
    """Return a relation's name without its schema."""
    return safe(relation.partition(".")[2])


def referred(relation: str) -> str:
    """Return how dbt is told of a relation."""
    schema, _, table = relation.partition(".")
    return f"source('master', '{safe(table)}')" if schema == "master" else f"ref('{safe(table)}')"


def worded(name: str) -> str:
    """Return a name in words."""
    return name.replace("_", " ").strip().capitalize() or name
