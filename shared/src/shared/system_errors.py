"""What the operating system refuses, as errors that say what to do, whichever library they come through."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from shared.errors import PlatformError, StorageFull, UserError, first_line


class MachineExhausted(PlatformError):
    """The machine has no memory, no thread or no open file left for us."""

    code = "machine_exhausted"
    retryable = True


@dataclass(frozen=True)
class Refusal:
    """One thing that the system refuses.

    Attributes:
        numbers: How it says so to Python.
        texts: How libraries say so that keep no number, in small letters.
        error: What it is for the platform.
        message: What it means.
        hint: What to do about it.
    """

    numbers: tuple[int, ...]
    texts: tuple[str, ...]
    error: type[PlatformError]
    message: str
    hint: str

    def is_it(self, error: BaseException) -> bool:
        """Tell whether an error says this."""
        if isinstance(error, OSError) and error.errno in self.numbers:
            return True
        said = str(error).lower()
        return any(text in said for text in self.texts)


REFUSALS = (
    Refusal(
        (errno.ENOSPC, errno.EDQUOT),
        ("no space left",),
        StorageFull,
        "no space left while writing",
        "free space or point DATA_DIR at a larger disk, then run the command again",
    ),
    Refusal(
        (errno.EROFS,),
        ("read-only file system",),
        UserError,
        "nothing can be written there",
        "make the file system writable, or point DATA_DIR at a folder on one that is",
    ),
    Refusal(
        (errno.EXDEV,),
        ("cross-device link",),
        UserError,
        "two file systems where it has to be one",
        "keep all of DATA_DIR on one: no link and no mount in it may lead elsewhere",
    ),
    Refusal(
        (errno.ENOTDIR,),
        ("not a directory",),
        UserError,
        "a file is where a folder has to be",
        "move the file away, or correct DATA_DIR",
    ),
    Refusal(
        (errno.ENOMEM,),
        ("cannot allocate memory", "out of memory error"),
        MachineExhausted,
        "no memory left",
        "end other programs, or correct WAREHOUSE_MEMORY_LIMIT: less where the machine is short, "
        "more where DuckDB has used all that it may",
    ),
    Refusal(
        (errno.EAGAIN,),
        ("can't start new thread", "resource temporarily unavailable"),
        MachineExhausted,
        "the system starts no more threads or processes",
        "end other programs, or raise the limit (`ulimit -u`; of a container, its pids), then run the command again",
    ),
    Refusal(
        (errno.EMFILE, errno.ENFILE),
        ("too many open files",),
        MachineExhausted,
        "too many open files",
        "end other programs, or raise the limit (`ulimit -n`), then run the command again",
    ),
)


def explained_by_system(error: BaseException) -> PlatformError | None:
    """Return what an error means that the operating system is the cause of; None for any other."""
    if isinstance(error, PermissionError):
        return UserError(
            f"not allowed to use: `{error.filename}`",
            hint="correct its permissions, or point DATA_DIR at a folder of yours",
        )
    if isinstance(error, MemoryError):
        error = MemoryError(f"cannot allocate memory {error}".strip())
    for refusal in REFUSALS:
        if refusal.is_it(error):
            return refusal.error(f"{refusal.message}: {first_line(error)}", hint=refusal.hint)
    return None
