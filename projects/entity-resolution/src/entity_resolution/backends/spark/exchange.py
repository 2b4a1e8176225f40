"""The folder in which a run and Spark hand each other tables as parquet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import dataset, fs

from entity_resolution.backends.spark.settings import SCHEMES
from shared.errors import PlatformError
from shared.redaction import redacted

ROWS_A_FILE, ROWS_A_GROUP = 1_000_000, 100_000
REASON_CHARACTERS = 200


class Exchange:
    """A folder of one run's own, here or behind a server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._files, self._folder = fs.FileSystem.from_uri(url)

    def write(self, name: str, rows: pa.RecordBatchReader) -> None:
        """Write a table, of which memory holds a few batches at a time."""
        dataset.write_dataset(
            rows,
            f"{self._folder}/{name}",
            filesystem=self._files,
            format="parquet",
            max_rows_per_file=ROWS_A_FILE,
            max_rows_per_group=ROWS_A_GROUP,
            use_threads=False,
        )

    def read(self, name: str) -> pa.Table:
        """Return a table that Spark has written."""
        return dataset.dataset(f"{self._folder}/{name}", filesystem=self._files, format="parquet").to_table()

    def for_spark(self, name: str) -> str:
        """Return where a table is, as Spark is told."""
        scheme = urlsplit(self._url).scheme
        return f"{SCHEMES[scheme]}{self._url.removeprefix(scheme)}/{name}"

    def remove(self) -> None:
        """Remove it with all that is in it; there may be nothing."""
        with suppress(FileNotFoundError):
            self._files.delete_dir(self._folder)


@contextmanager
def exchange(url: str) -> Iterator[Exchange]:
    """Open a run's folder, empty, and remove it in the end; what a killed run has left goes first.

    Raises:
        PlatformError: It cannot be reached or written.
    """
    try:
        folder = Exchange(url)
        folder.remove()
    except (OSError, pa.ArrowException) as error:
        raise unreachable(url, error) from error
    try:
        yield folder
    finally:
        # What cannot be removed now is removed by the next run.
        with suppress(OSError, pa.ArrowException):
            folder.remove()


def unreachable(url: str, error: Exception) -> PlatformError:
    """Return the error for a folder that does not answer as it should."""
    return PlatformError(
        f"cannot use the folder of SPARK_EXCHANGE: {redacted(str(error))[:REASON_CHARACTERS]}: `{url}`",
        hint="see that it is there and that this machine may write in it, then run the command again",
    )
