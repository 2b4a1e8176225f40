"""Parties linked on Spark: they go there as parquet, and only clusters come back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from typing_extensions import override

from entity_resolution.backends.spark.exchange import Exchange, exchange
from entity_resolution.backends.spark.settings import Place
from entity_resolution.engine.in_memory import in_memory
from entity_resolution.engine.linking.workplace import CLUSTER_COLUMNS, PARTIES, Workplace
from entity_resolution.engine.parties import compared_parties
from entity_resolution.engine.scratch import scratch
from entity_resolution.entity import Entity
from entity_resolution.kinds import functions
from shared.config import Settings
from shared.errors import PlatformError, causes, first_line
from shared.redaction import redacted
from shared.warehouse import Warehouse

CLUSTERS, CHECKPOINTS = "clusters", "checkpoints"
BATCH_ROWS = 100_000
# A task's share of the parties, and of what is joined to them: some tens of MB.
PARTIES_A_PARTITION = 100_000
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
    def cluster(self, settings: dict[str, Any], threshold: float) -> pa.Table:
        from entity_resolution.backends.spark.session import spark_session

        with _explained(), self._folder() as folder, exchange(self._url(folder)) as files:
            parties = self._hand_over(files)
            name = f"entity resolution: {self._entity.name}"
            with spark_session(self._place, folder, name) as session:
                _prepare(session, files, parties)
                _link(session, files, self._entity, settings, threshold)
            return files.read(CLUSTERS)

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
        shared = self._place.exchange
        name = f"entity-resolution-{self._warehouse.state_dir.name}"
        return f"{shared}/{name}" if shared else (folder / "exchange").as_uri()

    def _hand_over(self, files: Exchange) -> int:
        """Write the parties as they are compared, and return how many there are."""
        with scratch(self._warehouse, self._settings) as connection:
            connection.execute(functions.duckdb())
            connection.register("incoming", self._warehouse.stream_arrow(f"select * from {self.parties} as party"))
            columns = compared_parties(self._entity)
            files.write(PARTIES, connection.sql(f"select {columns} from incoming").to_arrow_reader(BATCH_ROWS))
        return int(self._warehouse.fetch(f"select count(*) from {self.parties} as party")[0][0])


def _prepare(session: Any, files: Exchange, parties: int) -> None:
    """Make known to Spark what Splink's queries name: the parties, and the functions by which they are compared."""
    context = session.sparkContext
    context.setCheckpointDir(files.for_spark(CHECKPOINTS))
    if not context.getConf().contains("spark.sql.shuffle.partitions"):
        partitions = max(2 * context.defaultParallelism, parties // PARTIES_A_PARTITION)
        session.conf.set("spark.sql.shuffle.partitions", partitions)
    make_functions(session)
    session.read.parquet(files.for_spark(PARTIES)).createOrReplaceTempView(PARTIES)


def make_functions(session: Any) -> None:
    """Make the functions of kinds, and those that Splink's jar has, which workers get from here."""
    from splink.internals.spark.jar_location import similarity_jar_location

    session.sql(f"add jar '{similarity_jar_location()}'")
    for statement in functions.spark():
        session.sql(statement)


def _link(session: Any, files: Exchange, entity: Entity, settings: dict[str, Any], threshold: float) -> None:
    from splink import SparkAPI

    from entity_resolution.backends.spark.words import in_sparks_words
    from entity_resolution.engine.linking.linking import cluster_parties

    # Without files between its steps a plan would grow with each of them.
    api = SparkAPI(spark_session=session, break_lineage_method="parquet")  # type: ignore[no-untyped-call]
    clusters = cluster_parties(api, entity, in_sparks_words(settings, entity.compare), threshold)
    session.sql(f"select {CLUSTER_COLUMNS} from {clusters}").write.parquet(files.for_spark(CLUSTERS))


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
