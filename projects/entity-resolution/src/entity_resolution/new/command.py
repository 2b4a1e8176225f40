"""`new-entity`: write a first declaration, which is there whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from entity_resolution import entities
from entity_resolution.entity import GENERAL, KEY, NAME, TAKEN, Entity
from entity_resolution.kinds.base import COLUMN
from entity_resolution.new.choice import Columns
from entity_resolution.new.profile import (
    CURRENT,
    Look,
    look,
    looked_at,
    relation_called,
    repetitions,
    rows_of,
)
from entity_resolution.new.proposal import Proposal, propose
from shared.errors import UserError
from shared.new.declared import called_like_a_key, made_by
from shared.utils.console import say
from shared.utils.excerpts import excerpt, listed
from shared.utils.files import write_whole
from shared.utils.names import suggestion
from shared.warehouse import Warehouse

# Of tables that follow the platform's own conventions.
SOURCE = "source_system"
_GUESS = "Which pairs are the same beyond doubt, and which share of all matches they are, is a guess."
_ESTIMATE = "Learned from how rows agree, without knowing which are the same: these, their share, and the threshold."
MOST_SOURCES = 50
SHOWN_NAME = 60
# Of a line of 120 columns, what its indent and the name of the argument leave.
ONE_LINE = 98
NAMED = "call it otherwise in its model, by letters of a to z, digits and _"


def new_entity(warehouse: Warehouse, name: str, relation: str, record_id: str | None, source: str | None) -> Path:
    """Look at a table of core, and declare an entity whose records are its rows.

    Args:
        warehouse: Where the table is; nothing is written there.
        name: What the entity is called.
        relation: The table, `core.x`.
        record_id: The column by which records are told apart; looked for where None.
        source: The column that names the source; `source_system` where None and where there is one.

    Returns:
        The file that declares it.

    Raises:
        UserError: There is an entity of this name, no such table, no row in it, or nothing to tell records apart by
            or to compare.
    """
    file = Path(entities.__path__[-1]) / f"{name}.py"
    if not re.fullmatch(NAME, name):
        raise UserError(f"not a name of an entity: `{name}`", hint="use lower case letters, digits and _")
    if file.exists() or name in entities.entities():
        raise UserError(f"there is an entity of this name: `{name}`", hint="choose another, or remove its file first")
    found = relation_called(warehouse, relation)
    if not re.fullmatch(COLUMN, found.name):
        raise UserError(f"a table of this name cannot be declared: `{excerpt(relation, SHOWN_NAME)}`", hint=NAMED)
    rows = rows_of(warehouse, found)
    if not rows:
        raise UserError(
            f"the table has no rows: `{relation}`", hint="load it first, since what to declare is told by its values"
        )
    with looked_at(warehouse, found) as connection:
        looks = {each.name: each for each in look(connection, found) if _can_be_declared(each.name)}
        source = _column(looks, source) if source else _source(looks)
        key = _column(looks, record_id) if record_id else _key(looks, source, found.key)
        left = [each for each in looks.values() if each.name not in {key, source, CURRENT, *KEY}]
        said_twice = repetitions(connection, left)
        left = [each for each in left if each.name not in said_twice]
        proposal = propose(connection, left, rows, source)
    said_twice |= proposal.repeated
    where = CURRENT if CURRENT in looks else ""
    golden = [column for column in (*proposal.columns, *said_twice) if column not in GENERAL]
    text = declaration(name, relation, key, source, where, proposal, golden)
    entity: Entity = made_by(text, "ENTITY")
    write_whole(file, text)
    entities.modules.cache_clear()
    share = proposal.rules.reached
    reached = "" if share is None else f", which find about {share:.1%} of the pairs of one entity"
    say(f"{file}: {len(entity.compare)} columns are compared, by {len(entity.block)} rules{reached}")
    for column, others in said_twice.items():
        say(f"    `{column}` is not compared: what it says stands in {listed(others)}")
    say(f"    read it, then: `./pixiw run resolve --entity {name}`")
    return file


def declaration(
    name: str, relation: str, key: str, source: str | None, where: str, proposal: Proposal, golden: Sequence[str]
) -> str:
    """Return a declaration as a person would write it; `golden` are the columns of the golden record."""
    rules = proposal.rules
    called = [*proposal.compare, *map(_rule, (*rules.block, *rules.sure, *rules.sessions))]
    survive = [*_survive(golden, proposal.together)]
    called += survive
    kinds = sorted({each.partition("(")[0].lstrip("*") for each in called})
    of_source = f', source="{source}"' if source else ""
    of_now = f', where="{where}"' if where else ""
    if proposal.duplicate_free:
        of_now += f", duplicate_free={proposal.duplicate_free}".replace("'", '"')
    threshold = "" if rules.threshold is None else f"\n    threshold={rules.threshold},"
    return f'''"""{name}: the records of {relation} that are the same. A first declaration, to be corrected."""

from entity_resolution.entity import Entity, Parties, Training
from entity_resolution.kinds import (
    {_listed(kinds, 4)}
)

ENTITY = Entity(
    name="{name}",
    parties=Parties("{relation}", id="{key}"{of_source}{of_now}),
    compare=(
        {_listed(proposal.compare, 8)}
    ),
    block=(
        {_listed(map(_rule, rules.block), 8)}
    ),
    # {_GUESS if rules.reached is None else _ESTIMATE}
    training=Training(
        sure=({_tuple(map(_rule, rules.sure), 8)}),
        recall={max(rules.recall, 0.01):.2g},
        sessions=({_tuple(map(_rule, rules.sessions), 8)}),
    ),
    golden=(
        {_listed(survive, 8)}
    ),{threshold}
)
'''


def _survive(golden: Sequence[str], together: Sequence[Columns]) -> Iterator[str]:
    """Return which value survives, as it is written: of columns that belong together those of one record."""
    first = {columns[0]: columns for columns in together}
    others = {column for columns in together for column in columns[1:]}
    for column in golden:
        if column in first:
            yield "OneRecord((" + ", ".join(f'"{each}"' for each in first[column]) + "))"
        elif column not in others:
            yield f'MostFrequent("{column}")'


def _rule(columns: Columns | str) -> str:
    return columns if isinstance(columns, str) else "same(" + ", ".join(f'"{column}"' for column in columns) + ")"


def _listed(items: Iterable[str], indent: int) -> str:
    """Return items of a list in code, a line each."""
    return f"\n{' ' * indent}".join(f"{item}," for item in items)


def _tuple(items: Iterable[str], indent: int) -> str:
    written = list(items)
    one_line = ", ".join(written) + ("," if len(written) == 1 else "")
    if len(one_line) <= ONE_LINE:
        return one_line
    return f"\n{' ' * indent}    {_listed(written, indent + 4)}\n{' ' * indent}"


def _column(looks: Mapping[str, Look], name: str) -> str:
    if name not in looks:
        raise UserError(f"the table has no such column: `{name}`", hint=suggestion(name, looks))
    return name


def _can_be_declared(column: str) -> bool:
    if re.fullmatch(COLUMN, column) and column.lower() not in TAKEN:
        return True
    say(f"    left out: `{excerpt(column, SHOWN_NAME)}`, a name that cannot be declared: {NAMED}")
    return False


def _source(looks: Mapping[str, Look]) -> str | None:
    there = looks.get(SOURCE)
    return SOURCE if there and there.filled == there.rows and there.distinct <= MOST_SOURCES else None


def _key(looks: Mapping[str, Look], source: str | None, primary: Sequence[str]) -> str:
    """Return the column by which records are told apart: within each source, where there are several."""
    if source and "source_id" in looks:
        return "source_id"
    unique = [each.name for each in looks.values() if each.is_unique and each.kind in ("text", "integer", "uuid")]
    named = sorted(unique, key=lambda name: not called_like_a_key(name))
    for name in (*primary[: len(primary) == 1], *named):
        if name in unique:
            return name
    raise UserError(
        "no column has a value of its own in each row, by which records could be told apart",
        hint="name it with --id, and with --source the column within whose values it is unique",
    )
