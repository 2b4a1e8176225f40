"""Files as they were listed, and on this disk while they are read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import StorageFull
from shared.utils.console import Counter
from shared.utils.scratch import scratch_folder

MEGABYTE = 1_000_000
Copy = Callable[[Path, Callable[[int], None]], None]


@dataclass(frozen=True)
class FileMark:
    """A file as it was when it was listed.

    Attributes:
        name: What it is called in messages and in the ledger; no other file of the place is called so.
        version: What changes with its content: the SHA-256 of it, or `etag:` and what the server says.
        size: In bytes.
        path: Where it is, if it is on this disk.
        copy: Writes it to a path, telling how many bytes have come; else.
    """

    name: str
    version: str
    size: int
    path: Path | None = None
    copy: Copy | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class LocalFile:
    """A file that can be read.

    Attributes:
        name: As its mark has it.
        order: Its place among the files of the load.
    """

    path: Path
    name: str
    order: int


@contextmanager
def at_hand(files: Sequence[FileMark]) -> Iterator[list[LocalFile]]:
    """Have files on this disk; those that are elsewhere are copied, one after the other, and removed afterwards.

    Raises:
        StorageFull: The copies would not find room.
        SourceUnavailable: One cannot be had, or is not the one any more that was listed.
    """
    far = [order for order, file in enumerate(files) if file.copy is not None]
    if not far:
        yield [LocalFile(file.path, file.name, order) for order, file in enumerate(files) if file.path is not None]
        return
    with scratch_folder() as folder:
        # Whatever they are called where they are from.
        copies = {order: folder / str(order) for order in far}
        copy_files([(files[order], path) for order, path in copies.items()])
        yield [
            LocalFile(copies.get(order) or file.path or folder, file.name, order) for order, file in enumerate(files)
        ]


def copy_files(wanted: Sequence[tuple[FileMark, Path]]) -> None:
    """Copy files that are elsewhere to paths of one folder, one after the other.

    Raises:
        StorageFull: They would not find room.
        SourceUnavailable: One cannot be had, or is not the one any more that was listed.
    """
    if not wanted:
        return
    total, free = sum(file.size for file, _ in wanted), shutil.disk_usage(wanted[0][1].parent).free
    if total > free:
        raise StorageFull(
            f"no room to copy {len(wanted)} files: {total:,} bytes, and {free:,} are free",
            hint=f"make room where `{wanted[0][1].parent}` lies; TMPDIR says where temporary files do",
        )
    done = 0
    with Counter(f"  copying {len(wanted)} files: {total:,} bytes", unit="MB") as counter:

        def came(count: int) -> None:
            nonlocal done
            done += count
            counter.advance(done // MEGABYTE, total // MEGABYTE)

        for file, path in wanted:
            if file.copy is not None:
                file.copy(path, came)
