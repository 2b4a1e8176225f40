"""`new-target`: write a first declaration, which is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from egress import targets
from egress.engine.models import Model
from egress.engine.plan import Target
from egress.new.declarations import KINDS
from shared.errors import UserError
from shared.new.declared import key_of, made_by, relation_in
from shared.new.names import check_name
from shared.utils.console import say
from shared.utils.files import write_whole
from shared.utils.names import suggestion
from shared.utils.private import as_caller_has_it
from shared.warehouse import Warehouse
from shared.warehouse.sql.catalog import Relation

LAYER = "egress"


def new_target(warehouse: Warehouse, name: str, kind: str, table: str, key: str | None) -> Path:
    """Look at a model of the egress layer, and declare a target that gets it.

    Args:
        warehouse: Where the model is; nothing is written there.
        name: What the target is called; its settings begin with it, in capitals.
        kind: One of `KINDS`.
        table: The model, `egress.x`.
        key: The column that identifies its rows; looked for where None.

    Returns:
        The file that declares it.

    Raises:
        UserError: There is a target of this name or with these settings, no such model, or no key in it.
        ConfigurationError: It and another target would get into each other's way.
    """
    check_name(name, "target")
    file, prefix = Path(targets.__path__[-1]) / f"{name}.py", name.upper()
    others = targets.all_targets()
    if file.exists() or any(name in (other.name, other.declared) for other in others):
        raise UserError(f"there is a target of this name: `{name}`", hint="choose another, or remove its file first")
    if any(prefix == other.settings for other in others):
        raise UserError(f"another target's settings begin so: `{prefix}_`", hint="choose another name")
    relation = relation_called(warehouse, table)
    model = Model(table, key=key_of(warehouse, relation, key))
    text = KINDS[kind](name, model, prefix).text()
    made: Target = made_by(text, "TARGET")
    targets.held_apart([*others, made])
    with as_caller_has_it():
        write_whole(file, text)
    say(f"{file}: `{table}` as {made.form}, rows by `{model.key}`")
    needed = f"set {', '.join(made.required_settings)}, " if made.required_settings else ""
    say(f"    read it, {needed}then: `./pixiw run -e egress python -m egress plan --target {name}`")
    return file


def relation_called(warehouse: Warehouse, name: str) -> Relation:
    """Return a model of the egress layer.

    Raises:
        UserError: There is none of this name.
    """
    found = relation_in(warehouse, LAYER, name)
    if found is None:
        there = (each.full_name for each in warehouse.relations(LAYER))
        raise UserError(f"there is no such model: `{name}`", hint=suggestion(name, there))
    return found
