"""Which quarantined rows a load has put right, told by their keys."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from ingress.raw_names import ORDER
from shared.utils.calculator import calculator
from shared.warehouse import quote_name

# Beside the columns of a key, which are fields of a row model: none of those begins with an underscore.
IDENTIFIER, ORIGIN = "_identifier", "_origin"
# Id, origin and payload, as `Quarantine.unresolved` returns them.
Unresolved = Sequence[tuple[str, str, str]]


def corrected_later(unresolved: Unresolved, loaded: pa.Table, files: Sequence[str], key: Sequence[str]) -> list[str]:
    """Return the ids of bad rows for whose key a later file has brought a good row.

    Args:
        loaded: Key and order of the rows that were loaded.
        files: The names of the files by their order.
    """
    origins = pa.array(files).take(loaded[ORDER].combine_chunks())
    same = " and ".join(f"bad.{quote_name(name)} = loaded.{quote_name(name)}::varchar" for name in key)
    return _ids(
        f"from bad join loaded on {same} and bad.{ORIGIN} < loaded.{ORIGIN}",
        bad=keyed(unresolved, key),
        loaded=loaded.append_column(ORIGIN, origins),
    )


def read_again(before: Unresolved, now: Unresolved, loaded: pa.Table, key: Sequence[str]) -> list[str]:
    """Return the ids of earlier bad rows that have been read again: as a good row, or as a bad one of another content.

    Args:
        before: Bad rows of earlier loads.
        now: Bad rows of this load.
        loaded: Key of the rows that were loaded.
    """
    names = ", ".join(quote_name(name) for name in key)
    texts = ", ".join(f"{quote_name(name)}::varchar as {quote_name(name)}" for name in key)
    return _ids(
        f"from bad semi join (select {texts} from loaded union all select {names} from seen) using ({names})",
        bad=keyed(before, key),
        loaded=loaded,
        seen=keyed(now, key),
    )


def keyed(unresolved: Unresolved, key: Sequence[str]) -> pa.Table:
    """Return bad rows with their keys as text."""
    payloads = [json.loads(payload) for _, _, payload in unresolved]
    columns = {name: [None if row.get(name) is None else str(row[name]) for row in payloads] for name in key}
    columns |= {IDENTIFIER: [row[0] for row in unresolved], ORIGIN: [row[1] for row in unresolved]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _ids(query: str, **tables: pa.Table) -> list[str]:
    with calculator() as duck:
        for name, table in tables.items():
            duck.register(name, table)
        return [identifier for (identifier,) in duck.execute(f"select distinct {IDENTIFIER} {query}").fetchall()]
