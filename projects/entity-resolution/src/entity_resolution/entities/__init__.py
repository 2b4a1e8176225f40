"""The entities, a module each: whoever adds one adds a file here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

from pydantic import ValidationError

from entity_resolution.entity import Entity
from shared.errors import ConfigurationError
from shared.utils.excerpts import excerpt
from shared.utils.instances import declared_in, names_in
from shared.utils.names import suggestion


@cache
def modules() -> dict[str, ModuleType]:
    """Return the modules of all entities by the names of these, in the order of the modules.

    Raises:
        ConfigurationError: One declares no entity, declares it wrongly, or two declare one of the same name.
    """
    found: dict[str, ModuleType] = {}
    for name in names_in(__path__):
        module = read_module(f"{__name__}.{name}")
        if module.ENTITY.name in found:
            raise ConfigurationError(
                f"two entities have one name: `{module.ENTITY.name}`", hint=f"give that of {name}.py another one"
            )
        found[module.ENTITY.name] = module
    return found


def entities() -> dict[str, Entity]:
    """Return all entities by their names.

    Raises:
        ConfigurationError: As `modules` does.
    """
    return {name: module.ENTITY for name, module in modules().items()}


def entity_called(name: str) -> Entity:
    """Return the entity of a name.

    Raises:
        ConfigurationError: There is none.
    """
    if name not in entities():
        raise ConfigurationError(f"there is no entity of this name: `{name}`", hint=suggestion(name, entities()))
    return entities()[name]


def read_module(name: str) -> ModuleType:
    """Return a module that declares an entity as `ENTITY`.

    Raises:
        ConfigurationError: It declares none, or declares it wrongly.
    """
    file = f"{name.rpartition('.')[2]}.py"
    try:
        module = import_module(name)
    except ValidationError as error:
        raise ConfigurationError(
            f"an entity is declared wrongly in {file}: {'; '.join(_told(error))}",
            hint="docs/entities.md says what can be declared, and how",
        ) from error
    declared_in(module, "ENTITY", Entity, of="entities", named=file, ending="ENTITY = Entity(…)")
    return module


def _told(error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_context=False)[:3]:
        said = each["msg"].removeprefix("Value error, ")
        field = f"field `{each['loc'][0]}`: " if each["loc"] and isinstance(each["loc"][0], str) else ""
        value = each["input"]
        given = f": `{excerpt(str(value), 60)}`" if isinstance(value, str | int | float) else ""
        yield f"{error.title}, {field}{said}{given}"
