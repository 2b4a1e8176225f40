"""Making a dlt source or resource, and drawing its rows: outside of any pipeline, without dlt's state."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Mapping
from importlib import import_module
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.pipeline import StateInjectableContext
from dlt.extract import DltResource, DltSource, Incremental
from dlt.extract.incremental import IncrementalResourceWrapper

from shared.config.named import Setting, with_values
from shared.errors import ConfigurationError, PlatformError, SourceUnavailable, causes, first_line
from shared.http.redaction import masked, shortened
from shared.redaction import guard

LONGEST = 300


def made(made_by: Callable[..., Any] | str, arguments: Mapping[str, object], name: str | None) -> DltResource:
    """Return the resource to read.

    Raises:
        ConfigurationError: There is no such thing, or it is not clear which.
        SourceUnavailable: It fails as it is made.
    """
    values = with_values(arguments)
    for key, declared in arguments.items():
        if isinstance(declared, Setting):
            guard(str(values[key]))
    function = imported(made_by) if isinstance(made_by, str) else made_by
    try:
        found = function(**values) if callable(function) else function
    except Exception as error:
        raise explained(error, "as it is made") from error
    if isinstance(found, DltSource):
        names = [name] if name else list(found.selected_resources)
        if len(names) != 1 or names[0] not in found.resources:
            raise ConfigurationError(
                f"which resource of the dlt source `{found.name}` is meant is not clear: {', '.join(found.resources)}",
                hint='name one, as in Dlt(…, resource="issues")',
            )
        return found.resources[names[0]]
    if not isinstance(found, DltResource):
        raise ConfigurationError(
            f"no dlt source or resource: `{type(found).__name__}`",
            hint="return what a function marked with dlt.source or dlt.resource returns",
        )
    return found


def imported(reference: str) -> Any:
    """Return what a reference names.

    Raises:
        ConfigurationError: It names nothing.
    """
    module, _, name = reference.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"cannot be imported: `{reference}`: {masked(first_line(error))}",
            hint="write package.module:function, of a package that the environment has",
        ) from error


def items_of(resource: DltResource, path: str | None, start: object) -> Generator[Any, None, None]:
    """Yield what a resource yields; its generators are closed however that ends.

    Args:
        path: What its incremental goes by.
        start: Where that begins, where it is not its own beginning.

    Raises:
        SourceUnavailable: It breaks off.
    """
    try:
        if path is not None and start is not None:
            resource.apply_hints(incremental=beginning_at(resource, path, start))
        # With a state of its own: else that of a pipeline that ran in this process before would be taken.
        with Container().injectable_context(StateInjectableContext(state={})):
            items = iter(resource)
    except Exception as error:
        raise explained(error, "as it begins") from error
    try:
        while True:
            try:
                item = next(items, items)
            except Exception as error:
                raise explained(error, f"amid `{resource.name}`") from error
            if item is items:
                return
            yield item
    finally:
        items.close()
        del items
        # What dlt draws from lies in a circle of references, and dlt has no way to close it.
        gc.collect()


def beginning_at(resource: DltResource, path: str, start: object) -> Incremental[Any]:
    """Return a resource's own incremental, beginning at a value; where it has none, one that goes by a path."""
    given: Any = resource.incremental
    own = given.incremental if isinstance(given, IncrementalResourceWrapper) else given
    found: Incremental[Any] = Incremental(path, initial_value=start)
    # What is the default of an argument, dlt merges with it itself.
    return own.merge(found) if isinstance(own, Incremental) else found


def explained(error: Exception, when: str) -> PlatformError:
    """Return what stopped a resource as an error of the platform, without what is secret."""
    found = list(causes(error))
    ours = next((cause for cause in found if isinstance(cause, PlatformError)), None)
    if ours is not None:
        return ours
    cause = found[-1]
    said = f"{type(cause).__name__}: {shortened(first_line(cause), LONGEST)}"
    if any(isinstance(each, ConfigurationException) for each in found):
        return ConfigurationError(
            f"a dlt source lacks a setting {when}: {said}",
            hint="give it with `arguments`, or as dlt's own configuration",
        )
    return SourceUnavailable(f"a dlt source fails {when}: {said}", hint="nothing was loaded; see what it needs")
