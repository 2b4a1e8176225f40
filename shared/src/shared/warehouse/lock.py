"""A lock on a database file that says who holds it, held by the operating system so that it dies with its process."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from shared.errors import WarehouseBusy
from shared.utils import locks

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


class FileLock:
    """One writer, or any number of readers.

    Args:
        database: The file to guard; the lock is the file beside it with `.lock` added.
        holder: Who asks, as others shall read it: `ingest run --all`.
        timeout: Seconds to wait for others.
        on_wait: Called once with a message when there is somebody to wait for.
    """

    def __init__(self, database: Path, holder: str, *, timeout: float, on_wait: Callable[[str], None]) -> None:
        self.path = database.with_name(database.name + ".lock")
        self.holder = holder
        self.timeout = timeout
        self.on_wait = on_wait
        self._descriptor: int | None = None

    def acquire(self, *, exclusive: bool) -> None:
        """Take the lock, waiting for whoever holds it.

        Raises:
            WarehouseBusy: It was not free within the timeout; the message names the holder.
        """
        descriptor = self._open(exclusive=exclusive)
        if descriptor is None:
            return
        try:
            self._wait(descriptor, shared=not exclusive)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        if exclusive:
            self._write_holder()

    def release(self) -> None:
        """Let go of the lock, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the one writer within a block.

        Raises:
            WarehouseBusy: As of `acquire`.
        """
        self.acquire(exclusive=True)
        try:
            yield
        finally:
            self.release()

    def _open(self, *, exclusive: bool) -> int | None:
        # os.open makes the descriptor one that child processes do not inherit, so no child outlives us with the lock.
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            if exclusive or error.errno not in NOT_WRITABLE:
                raise
        # Whoever writes is somebody else, who has made the file; where there is none, nobody has ever written here.
        with suppress(OSError):
            return os.open(self.path, os.O_RDONLY)
        return None

    def _wait(self, descriptor: int, *, shared: bool) -> None:
        def tell() -> None:
            self.on_wait(f"waiting for `{self.path.stem}`, in use: {self.current_holder()}")

        if not locks.take(descriptor, seconds=self.timeout, on_wait=tell, shared=shared):
            raise WarehouseBusy(
                f"`{self.path.stem}` is in use: {self.current_holder()}",
                hint=f"run it again when that has ended; waited {self.timeout:g} s (WAREHOUSE_LOCK_TIMEOUT)",
            )

    def _write_holder(self) -> None:
        assert self._descriptor is not None
        text = json.dumps(
            {
                "holder": self.holder,
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            }
        )
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def current_holder(self) -> str:
        """Describe who wrote their name into the lock last, for a message."""
        try:
            held = json.loads(self.path.read_text())
            return f"`{held['holder']}` (process {held['pid']} on {held['host']}, since {held['since']})"
        except (OSError, ValueError, KeyError):
            return "somebody who did not leave a name"
