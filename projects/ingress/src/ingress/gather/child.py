"""Rows that lie within the rows of another resource, as an order's lines: a table of their own, read with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from typing_extensions import override

from ingress.source import Input, Reader, Resource, Watermark
from shared.config import Settings
from shared.errors import ConfigurationError
from shared.monitoring.lineage import Dataset
from shared.places import FileMark


@dataclass(frozen=True)
class Child(Reader):
    """A list within each row of another resource of the source; whatever reads that one brings these rows too.

    When a row is read again, the rows that it had within are replaced by those that it has now.

    Attributes:
        of: The reader of the other resource.
        path: Where a row has them, a JSONPath: a list of objects, or one object.
        parent: The columns that hold the other row's key, each with the field that it comes from; part of the key.
        carry: More columns from the other row.
        number: The column for a row's place in its list, from 1, where it is to have one.
        cursor: The column with the other row's cursor, where that has one.
        more: Where the other row says that its list goes on elsewhere, a JSONPath: then it is an error.
    """

    of: Reader
    path: str
    parent: Mapping[str, str]
    carry: Mapping[str, str] = field(default_factory=dict)
    number: str | None = None
    cursor: str | None = None
    more: str | None = None

    def __post_init__(self) -> None:
        if not self.parent:
            raise ConfigurationError(
                f"rows without a parent: `{self.path}`", hint='declare it, as in parent={"order_id": "id"}'
            )
        if isinstance(self.of, Child):
            raise ConfigurationError(
                f"rows within rows that lie within others: `{self.path}`",
                hint="declare them of the outermost rows, with the whole path, or keep them as JsonText",
            )
        if self.of.cursor is not None and self.carry.get(str(self.cursor)) != self.of.cursor:
            raise ConfigurationError(
                f"the rows around have a cursor and these do not carry it: `{self.path}`",
                hint=f'as in carry={{"changed_at": "{self.of.cursor}"}}, cursor="changed_at": or a killed load is not '
                "made up for",
            )

    @property
    @override
    def whose(self) -> Sequence[str]:
        return tuple(self.parent)

    @property
    @override
    def required_settings(self) -> Sequence[str]:
        return self.of.required_settings

    @override
    def absent(self, settings: Settings) -> str | None:
        return self.of.absent(settings)

    @override
    def where(self, settings: Settings) -> str:
        return f"{self.of.where(settings)} {self.path}"

    @override
    def dataset(self, settings: Settings) -> Dataset:
        return self.of.dataset(settings)

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[FileMark], since: Watermark | None = None
    ) -> Input:
        raise ConfigurationError(
            f"rows within others come with them alone: `{resource.name}`",
            hint="give the source a resource with the reader that its `of` names",
        )


def families(resources: Sequence[Resource]) -> list[tuple[Resource, list[Resource]]]:
    """Return the resources that are read by themselves, each with those that lie within its rows.

    Raises:
        ConfigurationError: What one lies within is not there, or its key does not begin with the parent's.
    """
    children = [(each, each.reader) for each in resources if isinstance(each.reader, Child)]
    found = [
        (each, [child for child, reader in children if reader.of == each.reader])
        for each in resources
        if not isinstance(each.reader, Child)
    ]
    for child, reader in children:
        if not any(child in within for _, within in found):
            raise ConfigurationError(
                f"what `{child.name}` lies within is not among what is loaded",
                hint="give both to one source, both `on_request` or neither",
            )
        if not set(reader.parent) <= set(child.key):
            raise ConfigurationError(
                f"the key of `{child.name}` does not have its parent's: {', '.join(reader.parent)}",
                hint="a row within another is found by that one's key, and its own",
            )
    return found


def opened_inputs(
    resource: Resource,
    children: Sequence[Resource],
    settings: Settings,
    files: Sequence[FileMark],
    since: Watermark | None = None,
) -> list[tuple[Resource, Input]]:
    """Read a family: each of its resources with its input.

    Raises:
        PlatformError: It cannot be read.
    """
    if not children:
        return [(resource, resource.reader.read(resource, settings, files, since))]
    inputs = resource.reader.read_family(resource, children, settings, since)
    return list(zip([resource, *children], inputs, strict=True))
