"""A reader of pages: what lies within their rows is read with them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from ingress.source import Input, Reader, Resource, Watermark
from shared.config import Settings
from shared.places import FileMark
from shared.utils.console import step

if TYPE_CHECKING:
    from ingress.gather.family import Family


class GatheringReader(Reader):
    """Gathers all rows before any is loaded, each with the rows that lie within it."""

    doing: ClassVar[str]
    """What it does while it gathers, for people."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What is read, for people."""

    @abstractmethod
    def gather(self, family: Family, since: Watermark | None) -> Sequence[str]:
        """Read all rows into a family, and return what there is to say of it.

        Raises:
            InputError, SourceUnavailable: As for `read`.
        """

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[FileMark], since: Watermark | None = None
    ) -> Input:
        return self.read_family(resource, (), settings, since)[0]

    @override
    def read_family(
        self, resource: Resource, children: Sequence[Resource], settings: Settings, since: Watermark | None = None
    ) -> list[Input]:
        # It takes a moment to import, and who only asks what there is does without.
        from ingress.gather.family import Family

        family = Family(resource, children, self.label)
        try:
            with step(f"{resource.name}: {self.doing}"):
                notes = self.gather(family, since)
            return family.inputs(since, notes)
        except BaseException:
            family.close()
            raise
