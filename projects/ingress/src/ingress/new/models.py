"""What dbt is given of a source: its entry, a staging model a table with tests, and the expectations of raw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingress.new.found import Table
from ingress.new.names import staged_names
from shared.new.names import reserved, safe, yaml_name


def sources_yaml(name: str, tables: Sequence[Table]) -> str:
    """Return dbt's entry for the tables of raw; dbt takes all entries of one name for one source."""
    lines = ["sources:", "  - name: raw", "    schema: raw", "    tables:"]
    for table in tables:
        lines += [
            f"      - name: {safe(f'{name}_{table.name}')}",
            f"        description: Rows of {table.name}, as {name} has them.",
        ]
    return "\n".join(lines) + "\n"


def staging_sql(name: str, table: Table, raw: Mapping[str, str], *, deletions: bool) -> str:
    """Return the staging model of a table.

    Args:
        name: The source's.
        table: Which.
        raw: What the columns are called in raw.
        deletions: Whether rows are marked that have vanished.
    """
    relation = f"source('raw', '{safe(f'{name}_{table.name}')}')"
    where = [f"    where {{{{ alive({relation}) }}}}"] if deletions else []
    staged = staged_names(raw.values())
    columns = [safe(column) if column == new else f"{quoted(column)} as {safe(new)}" for column, new in staged.items()]
    return "\n".join(
        [
            "with source as (",
            "",
            f"    select * from {{{{ {relation} }}}}",
            *where,
            "",
            "),",
            "",
            "renamed as (",
            "",
            "    select",
            *(f"        {column}," for column in columns),
            "        {{ load_time('_dlt_load_id') }} as loaded_at",
            "    from source",
            "",
            ")",
            "",
            "select * from renamed",
            "",
        ]
    )


def staging_yaml(name: str, table: Table, raw: Mapping[str, str]) -> str:
    """Return what is said and tested of a staging model."""
    staged = staged_names(raw.values())
    key = [yaml_name(staged[raw[each]]) for each in table.key]
    never_null = [yaml_name(staged[raw[each.name]]) for each in table.columns if not each.nullable and each.name in raw]
    lines = ["models:", f"  - name: {model_name(name, table)}"]
    lines += [f"    description: Rows of {table.name}, as {name} has them.", "    data_tests:"]
    if len(key) > 1:
        lines += ["      - unique_combination:", "          arguments:", f"            columns: [{', '.join(key)}]"]
    others = [each for each in never_null if len(key) > 1 or each not in key]
    lines += [
        "      - never_null:",
        "          arguments:",
        f"            columns: [{', '.join([*others, 'loaded_at'])}]",
    ]
    lines.append("    columns:")
    for column in staged.values():
        lines += [
            f"      - name: {yaml_name(column)}",
            f"        description: {column.replace('_', ' ').strip().capitalize()}.",
        ]
        if key == [yaml_name(column)]:
            lines += ["        data_tests:", "          - not_null", "          - unique"]
    lines += ["      - name: loaded_at", "        description: When the load that brought the row began (UTC)."]
    return "\n".join(lines) + "\n"


def expectations(name: str, tables: Sequence[Table], raws: Mapping[str, Mapping[str, str]]) -> str:
    """Return the suite of expectations of the tables in raw."""
    lines = [
        f"# What the raw tables of {name} are expected to be. From the root of the repository:",
        f"# ./pixiw run -e ingress python -m shared.data_quality.expectations {suite_path(name)}",
        "version: 1",
        "tables:",
    ]
    for table in tables:
        raw = raws[table.name]
        key = ", ".join(yaml_name(raw[each]) for each in table.key)
        filled = ", ".join(
            yaml_name(raw[each.name]) for each in table.columns if not each.nullable and each.name in raw
        )
        lines += [f"  raw.{safe(f'{name}_{table.name}')}:", f"    key: [{key}]", "    expect:"]
        lines += [f"      - not_null: {{columns: [{filled or key}]}}", f"      - unique: {{columns: [{key}]}}"]
        lines += ["      - row_count: {minimum: 1}"]
    return "\n".join(lines) + "\n"


def suite_path(name: str) -> str:
    """Return where a source's expectations are kept, from the repository's root."""
    return f"projects/ingress/expectations/{name}.yml"


def model_name(name: str, table: Table) -> str:
    """Return what a staging model is called."""
    return safe(f"stg_{name}__{table.name}")


def quoted(name: str) -> str:
    """Return a column of raw as SQL takes it."""
    return f'"{safe(name)}"' if name in reserved() else safe(name)
