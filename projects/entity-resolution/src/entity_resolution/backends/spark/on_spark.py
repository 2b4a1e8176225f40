"""Parties linked on Spark: they go there as parquet, and only clusters come back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
from typing_extensions import override

from entity_resolution.backends.spark.exchange import exchange
from entity_resolution.backends.spark.settings import Place
from entity_resolution.engine.in_memory import in_memory
from entity_resolution.engine.linking.workplace import Linked, Workplace
from entity_resolution.engine.model_store import Model
from entity_resolution.entity import Entity
from shared.config import Settings
from shared.errors import PlatformError, causes, first_line
from shared.redaction import redacted
from shared.warehouse import Warehouse

LIBRARIES = ("py4j", "pyspark", "splink")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
REASON_CHARACTERS = 300


class OnSpark(Workplace):
    """Links on Spark, which is started when a model is there and stopped when clusters are."""

    def __init__(self, warehouse: Warehouse, settings: Settings, entity: Entity, parties: str, place: Place) -> None:
        self.parties = parties
        self._warehouse = warehouse
        self._settings = settings
        self._entity = entity
        self._place = place

    @override
    def session(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return in_memory(self._warehouse, self._settings, self._entity, self.parties)

    @override
    def cluster(self, model: Model, threshold: float) -> Linked:
        from entity_resolution.backends.spark.linking import CLUSTERS, link
        from entity_resolution.backends.spark.session import spark_session

        name = f"entity resolution: {self._entity.name}"
        with _explained(), self._folder() as folder, exchange(self._url(folder)) as files:
            with self.session() as parties, spark_session(self._place, folder, name) as spark:
                found = link(spark, files, parties, self._entity, model, threshold)
            return found.linked(files.read(CLUSTERS))

    @override
    def release(self) -> None:
        """Do nothing: what is linked is gone with its Spark."""

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """Make a folder for what Spark writes on this machine."""
        folder = self._warehouse.state_dir / "spark"
        # The writer lock is ours, so what is there was left by a run that was killed.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _url(self, folder: Path) -> str:
        """Return the run's own folder of the exchange, by the warehouse, which may not be the only one there."""
        name = f"entity-resolution-{self._warehouse.state_dir.name}"
        return f"{self._place.exchange}/{name}" if self._place.exchange else (folder / "exchange").as_uri()


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what Spark's errors mean; what stands in quotes may be a value of somebody's record, so it is not told."""
    try:
        yield
    except Exception as error:
        libraries = [each for each in causes(error) if type(each).__module__.partition(".")[0] in LIBRARIES]
        if isinstance(error, PlatformError) or not libraries:
            raise
        reason = QUOTED.sub("…", redacted(_reason(libraries[-1])))[:REASON_CHARACTERS]
        raise PlatformError(
            f"Spark cannot go on: {reason}", hint="nothing was written; `--debug` shows all that Spark says"
        ) from error


def _reason(error: BaseException) -> str:
    """Return what an error says; of Java's, what that says and not which call brought it here."""
    thrown = getattr(error, "java_exception", None)
    return str(thrown).partition("\n")[0] if thrown is not None else first_line(error)
