"""The module of a source: row models and a `SOURCE`, as somebody would write it by hand."""

from __future__ import annotations

import io
import sys
import tokenize
from collections.abc import Iterable, Sequence
from types import ModuleType

from ingress.new.found import Column, Table
from ingress.new.names import class_name, is_plain
from ingress.source import Source
from shared.new.code import WIDTH, Call, Code, Subscript, on_one_line, rendered

# Where what a module may use is from, in the order in which it is imported.
STANDARD = (("datetime", ("date", "datetime")), ("decimal", ("Decimal",)), ("typing", ("Annotated",)))
LIBRARIES = (("pydantic", ("AwareDatetime", "Field")),)
OURS = (
    ("ingress.deletions", ("DeletedFlag", "Snapshot")),
    ("ingress.readers.files.reader", ("Files",)),
    ("ingress.readers.rest.reader", ("Rest",)),
    ("ingress.readers.sql.reader", ("Sql",)),
    ("ingress.source", ("Resource", "Source")),
    ("shared.config.named", ("Setting",)),
    ("shared.data_quality", ("JsonText", "RowModel", "Written", "row_model")),
)


def module(name: str, title: str, tables: Sequence[Table], deletions: Call | None) -> str:
    """Return the source's module.

    Args:
        name: The source's.
        title: What it is, in a line of our own words.
        tables: Its tables; each has a key.
        deletions: How rows vanish, where that is declared.
    """
    models = "\n\n".join(model(table) for table in tables)
    resources = tuple(resource(name, table, deletions) for table in tables)
    body = f"{models}\n\n{source(name, resources)}"
    # Two blank lines stand before a class alone.
    gap = "\n\n" if body.startswith("class ") else "\n"
    return f'"""{title}"""\n\nfrom __future__ import annotations\n\n{imports(body)}{gap}{body}'


def imports(body: str) -> str:
    """Return the imports of what a body uses."""
    words = set(_words(body))
    groups = []
    for group in (STANDARD, LIBRARIES, OURS):
        lines = [
            f"from {package} import {', '.join(used)}"
            for package, names in group
            if (used := [name for name in names if name in words])
        ]
        groups += ["\n".join(lines)] if lines else []
    return "\n\n".join(groups) + "\n"


def _words(body: str) -> Iterable[str]:
    """Yield the names of a body, not what stands in its texts."""
    return (
        token.string for token in tokenize.generate_tokens(io.StringIO(body).readline) if token.type == tokenize.NAME
    )


def model(table: Table) -> str:
    """Return the row model of a table."""
    named, title = class_name(table.name), f"A row of {table.name}."
    if all(is_plain(column.name) for column in table.columns):
        fields = "\n".join(map(declaration, table.columns))
        return f'class {named}(RowModel):\n    """{title}"""\n\n{fields}\n'
    # Names that no class can have: they are texts.
    fields_by_name = {
        column.name: (annotated(column), None) if column.absent else annotated(column) for column in table.columns
    }
    return f"{named} = {rendered(Call('row_model', (named, title, fields_by_name)), len(named) + 3)}\n"


def declaration(column: Column) -> str:
    """Return a field of a class."""
    lead, behind = f"    {column.name}: ", " = None" if column.absent else ""
    if column.digits is not None:
        default = {"default": Code("None")} if column.absent else {}
        behind = f" = {on_one_line(Call('Field', (), default | _digits(column)))}"
    return lead + rendered(typed(column), len(lead), len(behind), depth=1) + behind


def annotated(column: Column) -> Code | Subscript:
    """Return a field's type with all that is declared of it."""
    return typed(column, *([] if column.digits is None else [Call("Field", (), _digits(column))]))


def typed(column: Column, *more: Call) -> Code | Subscript:
    """Return a field's type, with how it is written and more that is declared of it."""
    null = " | None" if column.nullable else ""
    written = dict(column.written or {})
    positional = (written.pop("format"),) if "format" in written else ()
    calls = [Call("Written", positional, written)] if column.written else []
    if not calls and not more:
        return Code(column.kind + null)
    return Subscript("Annotated", (Code(column.kind), *calls, *more), null)


def _digits(column: Column) -> dict[str, object]:
    digits, places = column.digits or (0, 0)
    return {"max_digits": digits, "decimal_places": places}


def resource(name: str, table: Table, deletions: Call | None) -> Call:
    """Return the declaration of a resource."""
    positional = (table.name, f"{name}_{table.name}", Code(class_name(table.name)), tuple(table.key), table.reader)
    return Call("Resource", positional, {"contract": table.contract, "deletions": deletions})


def source(name: str, resources: tuple[Call, ...]) -> str:
    """Return the last statement."""
    lead = "SOURCE = "
    call = Call("Source", (name, resources))
    flat = lead + on_one_line(call)
    return (flat if len(flat) <= WIDTH else lead + rendered(call, len(lead))) + "\n"


def hold_to_work(name: str, text: str) -> Source:
    """Make sure that a module is one of a source, before there is any file of it."""
    made = ModuleType(f"_new_source_{name}")
    sys.modules[made.__name__] = made
    try:
        exec(compile(text, f"{name}.py", "exec"), made.__dict__)
        source: Source = made.SOURCE
        return source
    finally:
        del sys.modules[made.__name__]
