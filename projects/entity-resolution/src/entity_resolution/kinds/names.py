"""Which names are known to be forms of one: Bob and Robert."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from entity_resolution.kinds.functions import SEPARATOR
from shared.warehouse import literal, quote

Forms = Mapping[str, tuple[str, ...]]


@cache
def english() -> Forms:
    """Return English given names and the short forms of each, as the package `nicknames` lists them."""
    # A declaration is read by whoever lists entities, most of which have no use for it.
    from nicknames import NickNamer

    listed = NickNamer().nickname_lookup
    return MappingProxyType({name: tuple(sorted(listed[name])) for name in sorted(listed)})


def formal(column: str) -> str:
    """Return what the column is called that holds the formal names of another one's values."""
    return f"{column}__formal"


def with_formal_names(formed: str, known: Mapping[str, Forms]) -> str:
    """Return the query for records and the formal names of some of their columns.

    Args:
        formed: The query for the records, columns in the form that they are compared in.
        known: The columns, and the short forms of formal names.
    """
    columns, joins = "", ""
    for place, (column, forms) in enumerate(known.items()):
        names = f"names_{place}"
        columns += f", {names}.formal_names as {quote(formal(column))}"
        joins += f" left join {formal_names(forms)} as {names} on {names}.short_name = party.{quote(column)}"
    return f"select party.*{columns} from ({formed}) as party{joins}"


def formal_names(forms: Forms) -> str:
    """Return the query, in brackets, for names as they are compared and what each may stand for.

    Returns:
        Columns `short_name` and `formal_names`, a text with `SEPARATOR` between them; a name stands for itself, too.
    """
    pairs = {(short, name) for name, shorts in forms.items() for short in (name, *shorts)}
    rows = ", ".join(f"({literal(short)}, {literal(name)})" for short, name in sorted(pairs))
    return (
        f"(select plain_text(short) as short_name, "
        f"string_agg(distinct plain_text(formal), {literal(SEPARATOR)}) as formal_names "
        f"from (values {rows}) as listed (short, formal) group by plain_text(short))"
    )
