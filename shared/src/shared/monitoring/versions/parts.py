"""What a step reads or makes, and how its version is found."""

from __future__ import annotations

import hashlib
import json
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from shared.utils.files import sha256_of
from shared.warehouse import Warehouse, quote
from shared.warehouse.fingerprint import rows_version

# The version of what is not there.
ABSENT = "absent"
# A file that has changed since less than this may change once more and have the same time of change.
REST_SECONDS = 2.0


class Part(ABC):
    """Something that has a version."""

    @abstractmethod
    def version(self) -> str:
        """Return the version of now, `ABSENT` where there is nothing."""

    def has(self, version: str) -> bool:
        """Tell whether it is still what had this version."""
        return self.version() == version


class Marked(Part):
    """What has a mark that is quicker to find than its content: where the mark is the same, so is the content."""

    @abstractmethod
    def mark(self) -> str:
        """Return the mark, without a space; `ABSENT` where there is nothing, empty where it would tell nothing."""

    @abstractmethod
    def content(self) -> str:
        """Return a hash of the content."""

    @override
    def version(self) -> str:
        # The mark first: content that changes behind it is then found the next time.
        mark = self.mark()
        return ABSENT if mark == ABSENT else f"{self.content()} {mark}"

    @override
    def has(self, version: str) -> bool:
        content, _, mark = version.partition(" ")
        now = self.mark()
        if ABSENT in (now, version):
            return now == version
        return (mark == now != "") or content == self.content()


@dataclass(frozen=True)
class Value(Part):
    """A value that JSON can hold."""

    value: object

    @override
    def version(self) -> str:
        return hashlib.sha256(json.dumps(self.value, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Rows(Part):
    """The rows of a table, or of a query in brackets."""

    warehouse: Warehouse
    origin: str

    @override
    def version(self) -> str:
        return rows_version(self.warehouse, self.origin)


@dataclass(frozen=True)
class Relation(Part):
    """A table or view, `schema.table`."""

    warehouse: Warehouse
    name: str

    @override
    def version(self) -> str:
        there = self.warehouse.table_exists(self.name)
        return rows_version(self.warehouse, quote(self.name)) if there else ABSENT


@dataclass(frozen=True)
class File(Marked):
    """A file, wherever it lies."""

    path: Path

    @override
    def mark(self) -> str:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return ABSENT
        rested = time.time() - status.st_mtime > REST_SECONDS
        return f"{status.st_size}:{status.st_mtime_ns}" if rested else ""

    @override
    def content(self) -> str:
        return sha256_of(self.path)
